"""Two versions of the knowledge -> which rules changed, and exactly which patients change.

In: the old and the new `KnowledgeBase`. Out: `Comparison`: every item that changed, per conclusion the smallest patient for whom
it differs, or the proof that there is none, and counts over cases. One patient, two programs, one formula.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..engine.bitplane import Bitplane
from ..engine.case import Case, Recorded
from ..engine.program import Outcome, compile_program
from ..knowledge.language import Finding, KnowledgeBase, Rule
from ..knowledge.regions import regions
from .circuit import Circuit, Gate
from .examples import Example, Examples
from .formula import LIMIT, Formula
from .items import ChangedItem, changed_items
from .patient import Patient


@dataclass(frozen=True)
class Affected:
    """A conclusion that differs for some patient (None: not decided): the smallest such patient, and the rules responsible."""

    conclusion: str
    differs: bool | None
    case: Case | None = None
    was: str = "not derived"
    becomes: str = "not derived"
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What changed between two versions."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    findings: tuple[str, ...]
    affected: tuple[Affected, ...]
    items: tuple[ChangedItem, ...] = ()
    cases: int = 0
    changed_cases: int = 0
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def unchanged(self) -> bool:
        """It is proved that no patient changes."""
        return not self.affected


class Compare:
    """Compares two knowledge bases."""

    def __init__(self, old: KnowledgeBase, new: KnowledgeBase, limit: int = LIMIT) -> None:
        shared = _shared(old, new)
        self.old, self.new = old.with_items(findings=shared), new.with_items(findings=shared)
        both = self.new.with_items(rules=(*self.new.rules, *self.old.rules), conclusions=())
        circuit, remembered = Circuit(), {**self.new.remembered, **self.old.remembered}
        patient = Patient(circuit, self.old.finding_by_id, remembered=remembered)
        self.before = Formula(self.old, circuit, patient)
        self.after = Formula(self.new, circuit, patient)
        self.examples = Examples(self.before, limit)
        self.examples.regions = regions(both)
        for atom in self.after.program.atoms:
            self.examples.learn(atom)
        self.bitplanes = (Bitplane(compile_program(self.old)), Bitplane(compile_program(self.new)))

    def outcomes(self, case: Case) -> tuple[Outcome, Outcome]:
        """The outcome of a case under the old and the new knowledge."""
        return self.bitplanes[0].evaluate(case), self.bitplanes[1].evaluate(case)

    def affected(self) -> Iterator[Affected]:
        """Every conclusion that differs for some patient, or of which that was not decided."""
        declared = dict.fromkeys(item.id for base in (self.old, self.new) for item in base.declared)
        for name in declared:
            goal = self.before.circuit.any_of(self._differences(name))
            found = self.examples.find(goal, lambda case, name=name: self._differs(case, name), f"{name} changes")  # type: ignore[misc]
            if isinstance(found, Example):
                yield self._affected(name, found.case)
            elif found is None:
                yield Affected(name, None)

    def _differences(self, name: str) -> Iterator[Gate]:
        nothing = self.before.circuit.any_of(())
        grades = [item.grades for base in (self.old, self.new) if (item := base.conclusion_by_id.get(name))]
        for grade in dict.fromkeys(grade for each in grades for grade in each):
            yield _exactly(self.before, name, grade, nothing) ^ _exactly(self.after, name, grade, nothing)

    def _differs(self, case: Case, name: str) -> bool:
        was, becomes = self.outcomes(case)
        return was.grade.get(name) != becomes.grade.get(name)

    def _affected(self, name: str, case: Case) -> Affected:
        was, becomes = (outcome.grade.get(name, "not derived") for outcome in self.outcomes(case))
        return Affected(name, True, case, was, becomes, self.responsible(case, name))

    def responsible(self, case: Case, name: str) -> tuple[str, ...]:
        """The changed rules that fire under one version only; else the rules for the conclusion that do."""
        was, becomes = self.outcomes(case)
        differing = was.fired ^ becomes.fired
        changed = [rule for rule in changed_rules(self.old, self.new) if rule in was.fired | becomes.fired]
        own = [rule.id for base in (self.old, self.new) for rule in base.rules_for.get(name, ()) if rule.id in differing]
        return tuple(dict.fromkeys([rule for rule in changed if rule in differing] or changed or own))

    def over(self, cases: Iterable[Case]) -> tuple[int, int, tuple[tuple[str, int], ...]]:
        """Over some cases: how many there are, how many change, and for each conclusion how many."""
        counts: dict[str, int] = {}
        total = changed = 0
        for case in cases:
            total += 1
            was, becomes = (outcome.grade for outcome in self.outcomes(case))
            names = [name for name in dict.fromkeys((*was, *becomes)) if was.get(name) != becomes.get(name)]
            changed += bool(names)
            for name in names:
                counts[name] = counts.get(name, 0) + 1
        return total, changed, tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def random_cases(self, number: int, seed: int) -> Iterator[Case]:
        """Random patients: each finding unknown, or one of the values that the rules tell apart."""
        chance = random.Random(seed)  # noqa: S311 - cases for counting, not secrets
        values = sorted(self.examples.regions.items())
        for count in range(number):
            drawn = ((name, chance.choice(known)) for name, known in values)
            given = tuple(Recorded(finding=name, value=value) for name, value in drawn if value is not None)
            yield Case(case=f"random {count + 1}", findings=given)


def _exactly(formula: Formula, name: str, grade: str, nothing: Gate) -> Gate:
    """Derived at exactly this grade."""
    item = formula.knowledge.conclusion_by_id.get(name)
    if item is None or grade not in item.grades:
        return nothing
    stronger = item.grades[item.rank(grade) + 1 :][:1]
    gate = formula.planes.grades[name, grade]
    return gate & ~formula.planes.grades[name, stronger[0]] if stronger else gate


def _shared(old: KnowledgeBase, new: KnowledgeBase) -> tuple[Finding, ...]:
    """Every finding of both; where they differ, with the wider range and all choices."""
    found = dict(old.finding_by_id)
    for item in new.findings:
        before = found.get(item.id)
        found[item.id] = _wider(before, item) if before and before.type == item.type else item
    return tuple(found.values())


def _wider(one: Finding, other: Finding) -> Finding:
    ranges = [item.range for item in (one, other) if item.range]
    widest = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None
    choices = tuple(dict.fromkeys((*one.choices, *other.choices)))
    return other.model_copy(update={"range": widest, "choices": choices, "whole": one.whole and other.whole})


def _meaning(rule: Rule) -> tuple[object, ...]:
    return rule.when, rule.blockers, rule.then


def changed_rules(old: KnowledgeBase, new: KnowledgeBase) -> tuple[str, ...]:
    """Rules of both versions that do not mean the same, rules added and rules removed."""
    was, becomes = ({rule.id: rule for rule in base.shown_rules} for base in (old, new))
    added = [name for name in becomes if name not in was]
    removed = [name for name in was if name not in becomes]
    changed = [name for name in was if name in becomes and _meaning(was[name]) != _meaning(becomes[name])]
    return (*changed, *added, *removed)


def compare(
    old: KnowledgeBase, new: KnowledgeBase, cases: Sequence[Case] = (), drawn: int = 0, seed: int = 0, limit: int = LIMIT
) -> Comparison:
    """What changed between two versions: exactly, and counted over cases given and cases drawn."""
    run = Compare(old, new, limit)
    total, changed_cases, counts = run.over([*cases, *run.random_cases(drawn, seed)])
    rules = changed_rules(old, new)
    findings = [name for name in dict.fromkeys((*old.finding_by_id, *new.finding_by_id)) if _redefined(old, new, name)]
    return Comparison(
        added=tuple(name for name in rules if name not in old.rule_by_id),
        removed=tuple(name for name in rules if name not in new.rule_by_id),
        changed=tuple(name for name in rules if name in old.rule_by_id and name in new.rule_by_id),
        findings=tuple(findings),
        affected=tuple(run.affected()),
        items=changed_items(old, new),
        cases=total,
        changed_cases=changed_cases,
        counts=counts,
    )


def _redefined(old: KnowledgeBase, new: KnowledgeBase, name: str) -> bool:
    """A finding was added, removed, or now takes other values."""
    one, other = old.finding_by_id.get(name), new.finding_by_id.get(name)
    if one is None or other is None:
        return True
    return (one.type, one.range, one.choices, one.whole) != (other.type, other.range, other.choices, other.whole)
