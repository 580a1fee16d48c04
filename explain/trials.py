"""Trials: what many variants of one case come to, by definition; the part of the checker that verifies sets of changes.

In: knowledge, case, what is claimed. Out: nothing, or `EngineError`. Single tests are decided by `reference.py`; rules are
followed by recursion over sets of variants, apart from the compiled evaluator and its lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from ..engine.case import Case, Recorded
from ..engine.reference import Reference
from ..knowledge.conditions import (
    BRANCHES,
    FINDING_TESTS,
    All,
    Atom,
    Condition,
    Derived,
    FindingTest,
    NotDerived,
    findings_of,
    leaves,
)
from ..knowledge.errors import EngineError
from ..knowledge.language import KnowledgeBase, Rule, in_order
from .checker import same

if TYPE_CHECKING:
    from .contrast import Contrast
    from .counterfactual import Change, ChangeSet, Counterfactuals

Variant = tuple[Recorded, ...]
Claim = Callable[["Trials"], int]


class Trials:
    """Variants of a case, each with some findings recorded otherwise; a set of variants is an int with one bit for each."""

    def __init__(self, knowledge: KnowledgeBase, case: Case, variants: Sequence[Variant]) -> None:
        self.knowledge, self.case, self.variants = knowledge, case, variants
        self.every = (1 << len(variants)) - 1
        self.reference = Reference(knowledge, case)
        self._touching: dict[str, list[int]] = {}
        for number, variant in enumerate(variants):
            for item in variant:
                self._touching.setdefault(item.finding, []).append(number)
        self._fires: dict[str, int] = {}
        self._planes: dict[str, list[int]] = {}

    def at(self, conclusion: str, rank: int) -> int:
        """The variants in which a conclusion has a grade of this rank or above."""
        for name in in_order(conclusion, self.knowledge.rests_on, self._planes):
            self._planes[name] = self.strongest(name)
        planes = self._planes[conclusion]
        return planes[rank] if rank < len(planes) else 0

    def strongest(self, conclusion: str) -> list[int]:
        """For each rank the variants in which a rule gives a conclusion that grade or above."""
        grades = self.knowledge.conclusion_by_id[conclusion].grades
        found = [0] * len(grades)
        for rule in self.knowledge.rules_for[conclusion]:
            given = max(grades.index(item.grade) for item in rule.then if item.conclusion == conclusion)
            fires = self.fires(rule)
            for rank in range(given + 1):
                found[rank] |= fires
        return found

    def grade(self, conclusion: str, variant: int) -> str | None:
        """The grade of a conclusion in one variant."""
        grades = self.knowledge.conclusion_by_id[conclusion].grades
        held = [grade for rank, grade in enumerate(grades) if self.at(conclusion, rank) >> variant & 1]
        return held[-1] if held else None

    def fires(self, rule: Rule) -> int:
        """The variants in which a rule fires."""
        if rule.id not in self._fires:
            found = self.holds(rule.when)
            for blocker in rule.blockers:
                found &= self.holds(blocker)
            self._fires[rule.id] = found
        return self._fires[rule.id]

    def holds(self, condition: Condition) -> int:
        """The variants in which a condition holds."""
        if isinstance(condition, Derived | NotDerived):
            rank = self.knowledge.conclusion_by_id[condition.conclusion].grades.index(condition.grade)
            derived = self.at(condition.conclusion, rank)
            return derived if isinstance(condition, Derived) else self.every & ~derived
        if not isinstance(condition, BRANCHES):
            return self.decided(condition)
        needed = {"all": len(condition.of), "any": 1}.get(condition.test) or getattr(condition, "k", 0)
        exactly = [self.every] + [0] * len(condition.of)
        for seen, member in enumerate(condition.of, 1):
            holding = self.holds(member)
            for count in range(seen, 0, -1):
                exactly[count] = (exactly[count] & ~holding) | (exactly[count - 1] & holding)
            exactly[0] &= ~holding
        found = 0
        for plane in exactly[needed:]:
            found |= plane
        return found

    def decided(self, test: Atom) -> int:
        """The variants in which a test holds: as it stands, or as the findings are recorded otherwise."""
        names = findings_of(test)
        touched = {number for name in names for number in self._touching.get(name, ())}
        known: dict[Variant, bool] = {}
        true, changed = bytearray(len(self.variants) // 8 + 1), bytearray(len(self.variants) // 8 + 1)
        for number in touched:
            read = tuple(item for item in self.variants[number] if item.finding in names)
            if read not in known:
                known[read] = Reference(self.knowledge, changed_case(self.case, read)).holds(test)
            changed[number >> 3] |= 1 << (number & 7)
            true[number >> 3] |= known[read] << (number & 7)
        still = self.every & ~int.from_bytes(changed, "little") if self.reference.holds(test) else 0
        return still | int.from_bytes(true, "little")


def changed_case(case: Case, changes: Iterable[Recorded]) -> Case:
    """A case with some findings recorded otherwise."""
    return case.with_findings(changes)


def check_counterfactuals(knowledge: KnowledgeBase, case: Case, claimed: Counterfactuals) -> None:
    """Verify that each set works, that no part of it does, and that every change is one that may be made.

    Raises:
        EngineError: something in it is not so.
    """
    name, to, now = claimed.conclusion, claimed.to, claimed.now
    grades = knowledge.conclusion_by_id[name].grades

    def meets(trials: Trials) -> int:
        if to in ("holds", "fails"):
            return trials.at(name, 0) if to == "holds" else trials.every & ~trials.at(name, 0)
        at = now if to == "changes" else to
        rank = grades.index(at) if at in grades else -1
        stronger = trials.at(name, rank + 1) if rank + 1 < len(grades) else 0
        exactly = (trials.at(name, rank) if rank >= 0 else trials.every) & ~stronger
        return trials.every & ~exactly if to == "changes" else exactly

    as_it_is = Trials(knowledge, case, [()])
    _demand(claimed.now == as_it_is.grade(name, 0), "a wrong grade", name)
    _demand(claimed.met == bool(meets(as_it_is)) and not (claimed.met and claimed.sets), "the goal is met already", name)
    check_sets(knowledge, case, claimed.sets, meets, name, claimed.most)


def check_contrast(knowledge: KnowledgeBase, case: Case, claimed: Contrast) -> None:
    """Verify the facts of both sides, and that each set of changes turns one into the other with no change idle.

    Raises:
        EngineError: something in it is not so.
    """
    reads = {item.conclusion: _read(knowledge, item.conclusion) for item in (claimed.a, claimed.b)}
    reference = Reference(knowledge, case)
    for side, other in ((claimed.a, claimed.b), (claimed.b, claimed.a)):
        rank = reference.rank(side.conclusion)
        grade = knowledge.conclusion_by_id[side.conclusion].grades[rank] if rank >= 0 else None
        _demand(side.grade == grade, "a wrong grade", side.conclusion)
        alone = reads[side.conclusion] - reads[other.conclusion]
        for items, holding in ((side.holds, True), (side.fails, False)):
            due = {test for test in alone if reference.holds(test) is holding}
            _demand({item.leaf for item in items} == due and len(items) == len(due), "another fact", side.conclusion)
            for item in items:
                _demand(same(item.value, case.values.get(item.leaf.finding)), "another value", side.conclusion)
    check_sets(knowledge, case, claimed.turned_by, lambda t: t.at(claimed.b.conclusion, 0) & ~t.at(claimed.a.conclusion, 0),
               claimed.b.conclusion, claimed.most)  # fmt: skip


def _read(knowledge: KnowledgeBase, conclusion: str) -> set[FindingTest]:
    """The tests of findings in the rules for a conclusion, and in those for what they rest on."""
    found: set[FindingTest] = set()
    waiting, seen = [conclusion], {conclusion}
    while waiting:
        for leaf in (leaf for rule in knowledge.rules_for[waiting.pop()] for leaf in leaves(rule.when)):
            if isinstance(leaf, Derived):
                waiting += [leaf.conclusion] if leaf.conclusion not in seen else []
                seen.add(leaf.conclusion)
            elif isinstance(leaf, FINDING_TESTS):
                found.add(leaf)
    return found


def check_sets(knowledge: KnowledgeBase, case: Case, sets: Sequence[ChangeSet], meets: Claim, conclusion: str, most: int) -> None:
    """Verify sets of changes against what they are to bring about."""
    distinct: dict[Change, int] = {}
    chosen = [tuple(distinct.setdefault(change, len(distinct)) for change in item.changes) for item in sets]
    made = [_made(knowledge, case, change) for change in distinct]
    _demand(len({frozenset(numbers) for numbers in chosen}) == len(sets), "a set twice", conclusion)
    parts: dict[tuple[int, ...], int] = {(): 0}
    for numbers in chosen:
        _demand(0 < len(numbers) <= most, "too many changes", conclusion)
        _demand(len({made[number].finding for number in numbers}) == len(numbers), "a finding changed twice", conclusion)
        for size in range(1, len(numbers) + 1):
            for part in combinations(numbers, size):
                parts.setdefault(part, len(parts))
    trials = Trials(knowledge, case, [tuple(made[number] for number in part) for part in parts])
    met, broken = meets(trials), {item.id: trials.holds(All(of=item.never)) for item in knowledge.constraints}
    for item, numbers in zip(sets, chosen, strict=True):
        own = parts[numbers]
        _demand(bool(met >> own & 1), "changes that do not do it", conclusion)
        smaller = (parts[part] for size in range(len(numbers)) for part in combinations(numbers, size))
        _demand(not any(met >> part & 1 for part in smaller), "a change that is not needed", conclusion)
        _check_outcome(trials, item, own, conclusion)
        newly = {name for name, plane in broken.items() if plane >> own & 1 and not plane & 1}
        _demand(set(item.contradicts) == newly, "a contradiction not named", conclusion)


def _check_outcome(trials: Trials, item: ChangeSet, number: int, conclusion: str) -> None:
    """What a set comes to: the grade, the urgency, and whether that went down."""
    knowledge = trials.knowledge
    _demand(item.grade == trials.grade(conclusion, number), "another grade", conclusion)
    lower = False
    if "disposition" in knowledge.conclusion_by_id:
        order = (None, *knowledge.conclusion_by_id["disposition"].grades)
        after, before = trials.grade("disposition", number), trials.grade("disposition", 0)
        _demand(item.disposition == after, "another urgency", conclusion)
        lower = order.index(after) < order.index(before)
    _demand(item.re_examine is lower, "lower urgency not marked", conclusion)


def _made(knowledge: KnowledgeBase, case: Case, change: Change) -> Recorded:
    """A change as it would be recorded, if it is one that may be made."""
    item = knowledge.finding_by_id.get(change.finding)
    before = case.values.get(change.finding)
    allowed = item is not None and not item.fixed and change.re_ask is item.past and same(change.before, before)
    _demand(allowed and (change.signed or not same(change.value, before)), "a change that may not be made", change.finding)
    known = [*case.findings, *(entry for entries in case.earlier_answers.values() for entry in entries)]
    days = [value.date() if isinstance(value, datetime) else value for entry in known if (value := entry.dated)]
    days += [case.as_of] if case.as_of else []
    after = max(days, default=date(2000, 1, 1)) + timedelta(days=3) if change.signed else None
    who = "assumed" if change.signed else None
    return Recorded.model_construct(
        finding=change.finding, value=change.value, recorded_by=who, recorded_on=after, method=None, note=None
    )


def _demand(claim: bool, what: str, where: str) -> None:
    if not claim:
        raise EngineError(f"an explanation failed its own check: {what} at {where[:120]}; it is not shown")
