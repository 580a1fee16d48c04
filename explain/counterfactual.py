"""Counterfactuals: every smallest set of changed findings, at most three, after which a goal is met. Exact, over chained
rules.

In: knowledge, a case, a goal. Out: `Counterfactuals`. The rules that the goal depends on are run once for all single
changes, once for all pairs, and for triples once per third change, as lanes; supersets of what was found are masked out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import isqrt

from pydantic import ConfigDict

from ..engine.case import Case, Value
from ..engine.reference import Reference
from ..engine.unshown import Unshown
from ..knowledge.conditions import findings_of
from ..knowledge.errors import AskedError, nearest
from ..knowledge.items import URGENCY
from ..knowledge.language import KnowledgeBase
from .answers import Answer
from .lanes import Cut, Grades, Lanes, Option, bits, constraints_of, cut_to, options_for, plane_of, true_atoms

FROZEN = ConfigDict(frozen=True, extra="forbid")
MOST = 3
HOLDS, FAILS, CHANGES = "holds", "fails", "changes"


class Change(Answer):
    """One finding answered otherwise than it stands; `before` is None where it is not recorded. A past event can only be
    asked again.
    """

    before: Value | None = None
    re_ask: bool = False


class ChangeSet(Unshown):
    """Changes that together meet the goal, none of them idle, and what they come to.

    `re_examine` marks changes that would lower the urgency: something to examine again, never advice. `contradicts` names
    the constraints that the changed answers would break.
    """

    model_config = FROZEN
    changes: tuple[Change, ...]
    grade: str | None
    disposition: str | None
    re_examine: bool = False
    contradicts: tuple[str, ...] = ()


class Counterfactuals(Unshown):
    """All subset-minimal sets of at most `most` changed findings after which `conclusion` is as `to` says.

    `met` says that it is so already, which leaves nothing to change. `kept` names the findings it rests on that were not to
    change.
    """

    model_config = FROZEN
    shown = ("conclusion", "to")
    conclusion: str
    to: str
    now: str | None
    disposition: str | None
    met: bool
    most: int
    sets: tuple[ChangeSet, ...]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Goal:
    """What is to become so: the conclusions it reads, and the lanes in which it is."""

    conclusions: frozenset[str]
    plane: Callable[[Grades], int]


def counterfactuals(
    knowledge: KnowledgeBase,
    case: Case,
    conclusion: str,
    to: str = HOLDS,
    *,
    most: int = MOST,
    may_change: Collection[str] | None = None,
) -> Counterfactuals:
    """The smallest changes after which a conclusion `holds`, `fails`, `changes`, or has just the grade that `to` names.

    `may_change` limits the findings that may change; those marked `fixed` never do.

    Raises:
        AskedError: the conclusion or what it should come to is not declared.
        EngineError: the result failed its own check.
    """
    from .trials import check_counterfactuals

    now = grade_now(knowledge, case, conclusion)
    goal = goal_of(knowledge, conclusion, to, now)
    found = search(knowledge, case, goal, most=most, may_change=may_change)
    result = Counterfactuals(
        conclusion=conclusion,
        to=to,
        now=now,
        disposition=grade_now(knowledge, case, URGENCY) if URGENCY in knowledge.conclusion_by_id else None,
        met=found.met,
        most=most,
        sets=described(knowledge, case, found.sets, conclusion),
        kept=found.kept,
    )
    check_counterfactuals(knowledge, case, result)
    return result


def grade_now(knowledge: KnowledgeBase, case: Case, conclusion: str) -> str | None:
    """The grade of a conclusion as the case stands.

    Raises:
        AskedError: no pack declares it.
    """
    if conclusion not in knowledge.conclusion_by_id:
        raise AskedError(f"unknown conclusion {conclusion[:60]}: {nearest(conclusion, knowledge.conclusion_by_id)}")
    rank = Reference(knowledge, case).rank(conclusion)
    return knowledge.conclusion_by_id[conclusion].grades[rank] if rank >= 0 else None


def goal_of(knowledge: KnowledgeBase, conclusion: str, to: str, now: str | None) -> Goal:
    """The goal that a word or a grade names.

    Raises:
        AskedError: it is neither `holds`, `fails`, `changes` nor a grade of the conclusion.
    """
    grades = knowledge.conclusion_by_id[conclusion].grades
    planes: dict[str, Callable[[Grades], int]] = {
        HOLDS: lambda found: found.at(conclusion, grades[0]),
        FAILS: lambda found: found.exactly(conclusion, None),
        CHANGES: lambda found: found.exactly(conclusion, now) ^ found.one,
    }
    planes |= {grade: lambda found, grade=grade: found.exactly(conclusion, grade) for grade in grades}  # type: ignore[misc]
    if to not in planes:
        raise AskedError(f"{to[:40]} is no goal for {conclusion}; choose from {', '.join(planes)}")
    return Goal(frozenset({conclusion}), planes[to])


@dataclass(frozen=True)
class Found:
    """What a search came to: sets of options, smallest first, and the findings that were not to change."""

    met: bool
    sets: tuple[tuple[Option, ...], ...]
    kept: tuple[str, ...]


def search(
    knowledge: KnowledgeBase, case: Case, goal: Goal, *, most: int = MOST, may_change: Collection[str] | None = None
) -> Found:
    """Every subset-minimal set of at most `most` options after which a goal is met."""
    unknown = sorted(set(may_change or ()) - set(knowledge.finding_by_id))
    if unknown:
        raise AskedError(f"unknown finding {unknown[0][:60]}: {nearest(unknown[0], knowledge.finding_by_id)}")
    cut = cut_to(knowledge, goal.conclusions)
    free = [name for name in cut.plain_atoms if _free(knowledge, name, may_change)]
    kept = tuple(name for name in cut.plain_atoms if name not in set(free))
    options = options_for(cut, case, free)
    singles = Lanes(cut, case, options)
    if goal.plane(singles.grades([0] * len(options), 1)) & 1:
        return Found(met=True, sets=(), kept=kept)
    found: list[tuple[Option, ...]] = []
    one = (1 << len(options)) - 1
    alone = goal.plane(singles.grades([1 << number for number in range(len(options))], one)) & one if options and most else 0
    found += [(options[number],) for number in bits(alone)]
    rest = [option for number, option in enumerate(options) if not alone >> number & 1]
    found += _pairs_and_triples(cut, case, goal, rest, most)
    return Found(met=False, sets=tuple(found), kept=kept)


def _free(knowledge: KnowledgeBase, name: str, may_change: Collection[str] | None) -> bool:
    return not knowledge.finding_by_id[name].fixed and (may_change is None or name in may_change)


def _pairs_and_triples(cut: Cut, case: Case, goal: Goal, options: Sequence[Option], most: int) -> Iterator[tuple[Option, ...]]:
    if most < 2 or len(options) < 2:
        return
    pairs = Pairs(Lanes(cut, case, options), goal)
    found = pairs.find()
    yield from ((options[low], options[high]) for low, high in found)
    if most >= 3:
        yield from (tuple(options[number] for number in triple) for triple in pairs.triples(found))


class Pairs:
    """All pairs of options as lanes: the pair of k and j > k stands at j(j-1)/2 + k, so that the pairs below i are lowest."""

    def __init__(self, lanes: Lanes, goal: Goal) -> None:
        self.lanes, self.goal = lanes, goal
        self.count = len(lanes.options)
        self.active, self.one, self.able = taking_pairs(lanes)
        self.atoms = lanes.atoms(self.active, self.one)

    def find(self) -> list[tuple[int, int]]:
        """The pairs that meet the goal."""
        return [pair_at(lane) for lane in bits(self.goal.plane(self.lanes.run(self.atoms, self.one)) & self.able)]

    def triples(self, found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
        """The triples that meet the goal and hold no pair that does: the pairs below each option, once with that option
        taken.
        """
        able = self.able & (self.one ^ plane_of((below(high) + low for low, high in found), below(self.count)))
        partners: dict[int, list[int]] = {}
        for low, high in found:
            partners.setdefault(high, []).append(low)
        for third in range(2, self.count):
            one = (1 << below(third)) - 1
            barred = 0
            for number in (*partners.get(third, ()), *self.lanes.by_finding[self.lanes.options[third].finding]):
                barred |= self.active[number]
            met = self.goal.plane(self.lanes.run(self.atoms_with(third, one), one)) & able & one
            for lane in bits(met & (barred & one ^ one)):
                yield (*pair_at(lane), third)

    def atoms_with(self, third: int, one: int) -> list[int]:
        """The planes of the atoms over the pairs below `third`, with that option taken everywhere."""
        option, cut = self.lanes.options[third], self.lanes.cut
        planes = [plane & one for plane in self.atoms]
        for atom in cut.plain_atoms[option.finding]:
            planes[atom] = one if atom in option.true else 0
        dated = [(number, test) for number, test in cut.later if option.finding in findings_of(test)]
        if dated:
            alike = self.lanes.by_finding[option.finding]
            active = [0 if number in alike else plane & one for number, plane in enumerate(self.active)]
            active[third] = one
            for number, test in dated:
                planes[number] = self.lanes.later(test, active, one)
        return planes


def taking_pairs(lanes: Lanes) -> tuple[list[int], int, int]:
    """For each option the pairs that take it; all pairs; and those that do not answer one finding twice."""
    count = len(lanes.options)
    one = (1 << below(count)) - 1
    twice = [below(high) + low for group in lanes.by_finding.values() for high in group for low in group if low < high]
    return list(_taking(count)), one, one ^ plane_of(twice, below(count))


def below(count: int) -> int:
    """How many pairs there are of `count` options."""
    return count * (count - 1) // 2


def pair_at(lane: int) -> tuple[int, int]:
    """The pair of options that a lane takes, the lower first.

    >>> [pair_at(lane) for lane in range(4)]
    [(0, 1), (0, 2), (1, 2), (0, 3)]
    """
    high = (1 + isqrt(8 * lane + 1)) // 2
    return lane - below(high), high


def _taking(count: int) -> Iterator[int]:
    """For each option the lanes of the pairs it belongs to: one full row, and one lane of every later row."""
    first_of_rows = plane_of(map(below, range(1, count)), below(count))
    for number in range(count):
        row = ((1 << number) - 1) << below(number)
        later_rows = first_of_rows >> below(number + 1) << below(number + 1) << number
        yield row | later_rows


def described(knowledge: KnowledgeBase, case: Case, sets: Sequence[tuple[Option, ...]], conclusion: str) -> tuple[ChangeSet, ...]:
    """Sets of options as changes of findings: each answer on its own, smallest sets first, in the order of the findings."""
    concrete = [chosen for found in sets for chosen in product(*([(o, a) for a in o.answers] for o in found))]
    order = {item.id: number for number, item in enumerate(knowledge.findings)}
    answers = [tuple(sorted((answer for _, answer in chosen), key=lambda answer: order[answer.finding])) for chosen in concrete]
    answers.sort(key=lambda chosen: (len(chosen), [order[answer.finding] for answer in chosen]))
    changes = {answer: _change(knowledge, case, answer) for chosen in answers for answer in chosen}
    read = frozenset({conclusion, URGENCY} & set(knowledge.conclusion_by_id))
    outcome = Variants(knowledge, case, answers, cut_to(knowledge, read))
    grades, urgencies = outcome.grades(conclusion), outcome.grades(URGENCY) if URGENCY in read else [None] * len(answers)
    before = grade_now(knowledge, case, URGENCY) if URGENCY in read else None
    broken = contradictions(knowledge, case, answers)
    return tuple(
        ChangeSet.model_construct(
            changes=tuple(changes[answer] for answer in chosen),
            grade=grade,
            disposition=urgency,
            re_examine=lowers(knowledge, before, urgency),
            contradicts=names,
        )
        for chosen, grade, urgency, names in zip(answers, grades, urgencies, broken, strict=True)
    )


def _change(knowledge: KnowledgeBase, case: Case, answer: Answer) -> Change:
    past = knowledge.finding_by_id[answer.finding].past
    return Change(**dict(answer), before=case.values.get(answer.finding), re_ask=past)


def lowers(knowledge: KnowledgeBase, before: str | None, after: str | None) -> bool:
    """Whether an urgency would go down."""
    ranks = {grade: rank for rank, grade in enumerate(knowledge.conclusion_by_id[URGENCY].grades)} if before else {}
    return ranks.get(after or "", -1) < ranks.get(before or "", -1)


class Variants:
    """Sets of answers as lanes of one pass over a cut; each answer is an option of its own."""

    def __init__(self, knowledge: KnowledgeBase, case: Case, sets: Sequence[tuple[Answer, ...]], cut: Cut) -> None:
        self.knowledge, self.count = knowledge, len(sets)
        places: dict[Answer, list[int]] = {}
        for lane, answers in enumerate(sets):
            for answer in answers:
                places.setdefault(answer, []).append(lane)
        read = [answer for answer in places if answer.finding in cut.plain_atoms]
        options = [Option(answer.finding, (answer,), true_atoms(cut, answer)) for answer in read]
        self.found = Lanes(cut, case, options).grades(
            [plane_of(places[answer], self.count) for answer in read], (1 << self.count) - 1
        )

    def grades(self, conclusion: str) -> list[str | None]:
        """The grade of a conclusion in each lane."""
        found: list[str | None] = [None] * self.count
        for grade in self.knowledge.conclusion_by_id[conclusion].grades:
            for lane in bits(self.found.at(conclusion, grade)):
                found[lane] = grade
        return found


def contradictions(knowledge: KnowledgeBase, case: Case, sets: Sequence[tuple[Answer, ...]]) -> list[tuple[str, ...]]:
    """For each set of answers the constraints that it would newly break."""
    found: list[list[str]] = [[] for _ in sets]
    cut = constraints_of(knowledge)
    broken = Variants(knowledge, case, sets, cut).found
    before = Lanes(cut, case, ()).grades((), 1)
    for item, conclusion in zip(knowledge.constraints, cut.program.conclusions, strict=True):
        if not before.at(conclusion.id, conclusion.grades[0]) & 1:
            for lane in bits(broken.at(conclusion.id, conclusion.grades[0])):
                found[lane].append(item.id)
    return [tuple(names) for names in found]


def changed_findings(sets: Iterable[ChangeSet]) -> tuple[str, ...]:
    """Every finding that some set changes, once each."""
    return tuple(dict.fromkeys(change.finding for item in sets for change in item.changes))
