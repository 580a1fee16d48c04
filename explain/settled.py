"""Settled: whether a conclusion can still change while what is unknown is answered, or left unknown.

In: knowledge, a case, a conclusion and grade. Out: `Settled`. Where the unknowns that still matter have at most `EXACT`
completions, every completion is a lane and the answer is exact. Beyond it the (must, may) bounds decide, and what they
leave is open, or "open, not decided" where no two completions that differ were met. It never claims that something is
settled which is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod
from operator import and_, or_
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..engine.atoms import answers_to, is_later
from ..engine.bounds import ALWAYS, NEVER, Pair, atom_bounds
from ..engine.case import Case
from ..knowledge.conditions import (
    All,
    AnyOf,
    AtLeast,
    Atom,
    Condition,
    Derived,
    Later,
    NotDerived,
    Symptom,
    findings_of,
)
from ..knowledge.errors import AskedError
from ..knowledge.language import KnowledgeBase
from .counterfactual import grade_now, taking_pairs
from .lanes import Cut, Lanes, Option, cut_to, is_dated, options_for

EXACT = 2**20
"""Completions up to which the answer is exact: 12 unknowns of yes or no (3 to the 12th) and more; about 0.1 s."""
PAIRS = 500
"""Answers up to which all pairs of them are tried for two completions that differ."""

State = Literal["always", "never", "open", "open_not_decided"]


class Settled(BaseModel):
    """Over all completions a conclusion `always` holds at `grade` or above, `never` does, or is open.

    `unknowns` can still overturn it: with `exact` just those that decide in some completion, otherwise all that may.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    conclusion: str
    grade: str
    holds: bool
    state: State
    exact: bool
    unknowns: tuple[str, ...]


def settled(knowledge: KnowledgeBase, case: Case, conclusion: str, grade: str | None = None, *, exact: int = EXACT) -> Settled:
    """Whether a conclusion is settled at a grade or above; `exact` bounds the completions that are tried one by one.

    Raises:
        AskedError: the conclusion or grade is not declared.
    """
    now = grade_now(knowledge, case, conclusion)
    declared = knowledge.conclusion_by_id[conclusion]
    asked = grade or declared.grades[0]
    if asked not in declared.grades:
        raise AskedError(f"{conclusion} has no grade {asked[:40]}; choose from {', '.join(declared.grades)}")
    holds = now is not None and declared.rank(now) >= declared.rank(asked)
    state, is_exact, unknowns = _Question(knowledge, case, conclusion, asked).answer(holds, exact)
    order = {item.id: number for number, item in enumerate(knowledge.findings)}
    names = tuple(sorted(unknowns, key=order.__getitem__))
    return Settled(conclusion=conclusion, grade=asked, holds=holds, state=state, exact=is_exact, unknowns=names)


class _Question:
    """One conclusion at one grade in one case."""

    def __init__(self, knowledge: KnowledgeBase, case: Case, conclusion: str, grade: str) -> None:
        self.case, self.conclusion, self.grade = case, conclusion, grade
        self.cut = cut_to(knowledge, frozenset({conclusion}))
        self.bounds = OpenParts(self.cut, case)

    def answer(self, holds: bool, exact: int) -> tuple[State, bool, frozenset[str]]:
        """The state, whether it is exact, and the unknowns that can overturn it."""
        pair = self.bounds.grade(self.conclusion, self.grade)
        if pair.must or not pair.may:
            return ("always" if pair.must else "never"), True, frozenset()
        tests = self.bounds.undecided(self.conclusion, self.grade)
        unknowns = frozenset(name for test in tests for name in findings_of(test) if name not in self.case.values)
        options = [option for option in options_for(self.cut, self.case, sorted(unknowns)) if not option.signed]
        loose = [test for test in tests if isinstance(test, Later)]
        completions = Completions(self.cut, self.case, options, loose)
        if completions.count <= exact:
            return self._exactly(completions)
        if self._may_differ(holds, options_for(self.cut, self.case, sorted(unknowns))):
            return "open", False, unknowns
        return "open_not_decided", False, unknowns

    def _exactly(self, completions: Completions) -> tuple[State, bool, frozenset[str]]:
        plane = completions.plane(self.conclusion, self.grade)
        if plane == completions.one:
            return "always", True, frozenset()
        if plane == 0:
            return "never", True, frozenset()
        return "open", True, frozenset(completions.deciding(plane))

    def _may_differ(self, holds: bool, options: Sequence[Option]) -> bool:
        """Whether one answer or two are met after which it is otherwise than now."""
        lanes = Lanes(self.cut, self.case, options)
        active, one = [1 << number for number in range(len(options))], (1 << len(options)) - 1
        if self._differs(lanes, active, one, holds):
            return True
        if len(options) > PAIRS:
            return False
        active, one, able = taking_pairs(lanes)
        return self._differs(lanes, active, one, holds, able)

    def _differs(self, lanes: Lanes, active: Sequence[int], one: int, holds: bool, able: int | None = None) -> bool:
        plane = lanes.grades(active, one).at(self.conclusion, self.grade)
        return bool((plane ^ (one if holds else 0)) & (one if able is None else able))


class OpenParts:
    """Which parts of a cut are still open in a case, by the (must, may) bounds."""

    def __init__(self, cut: Cut, case: Case) -> None:
        self.cut = cut
        self.atoms = {atom: atom_bounds(atom, case) for atom in cut.program.atoms}
        results = cut.bitplane.run(list(self.atoms.values()), ALWAYS)
        self.rules = dict(zip((rule.id for rule in cut.program.rules), results.rules, strict=True))
        self.grades = results.grades

    def grade(self, conclusion: str, grade: str) -> Pair:
        """The bounds of a conclusion at a grade or above."""
        pair: Pair = self.grades[self.cut.place[conclusion, grade]]
        return pair

    def pair(self, condition: Condition) -> Pair:
        """The bounds of a condition."""
        match condition:
            case All(of=members):
                return reduce(and_, map(self.pair, members), ALWAYS)
            case AnyOf(of=members):
                return reduce(or_, map(self.pair, members), NEVER)
            case AtLeast(k=k, of=members):
                pairs = [self.pair(member) for member in members]
                return Pair(int(sum(pair.must for pair in pairs) >= k), int(sum(pair.may for pair in pairs) >= k))
            case Derived():
                return self.grade(condition.conclusion, condition.grade)
            case NotDerived():
                return self.grade(condition.conclusion, condition.grade) ^ ALWAYS
            case _:
                return self.atoms[condition]

    def undecided(self, conclusion: str, grade: str) -> tuple[Atom, ...]:
        """The open tests of findings on which a conclusion at a grade still rests, once each."""
        found: dict[Atom, None] = {}
        seen, waiting = {(conclusion, grade)}, [(conclusion, grade)]
        while waiting:
            for condition in self._parts(*waiting.pop()):
                for leaf in self._open_leaves(condition):
                    if isinstance(leaf, Derived | NotDerived):
                        key = (leaf.conclusion, leaf.grade)
                        waiting += [key] if key not in seen else []
                        seen.add(key)
                    else:
                        found[leaf] = None
        return tuple(found)

    def _parts(self, conclusion: str, grade: str) -> Iterator[Condition]:
        """The conditions of the open rules for a conclusion at a grade."""
        declared = self.cut.knowledge.conclusion_by_id[conclusion]
        for rule in self.cut.knowledge.rules_for[conclusion]:
            given = next(part.grade for part in rule.then if part.conclusion == conclusion)
            if declared.rank(given) >= declared.rank(grade) and self.rules[rule.id].may != self.rules[rule.id].must:
                yield rule.when
                yield from rule.blockers

    def _open_leaves(self, condition: Condition) -> Iterator[Atom | Derived | NotDerived]:
        pair = self.pair(condition)
        if pair.must == pair.may:
            return
        if isinstance(condition, All | AnyOf | AtLeast):
            for member in condition.of:
                yield from self._open_leaves(member)
        else:
            yield condition


class Completions:
    """Every completion of some unknowns as a lane: each left unknown or given one of its answers.

    A `later` test whose dates are not all on record is read as free to come out either way, which is wide, never narrow.
    """

    def __init__(self, cut: Cut, case: Case, options: Sequence[Option], loose: Sequence[Later]) -> None:
        self.cut, self.case, self.loose = cut, case, tuple(loose)
        self.lanes = Lanes(cut, case, options)
        self.sizes = [*(len(group) + 1 for group in self.lanes.by_finding.values()), *(2 for _ in self.loose)]
        self.count = prod(self.sizes)

    @property
    def one(self) -> int:
        """Every lane."""
        return (1 << self.count) - 1

    def plane(self, conclusion: str, grade: str) -> int:
        """The lanes in which a conclusion holds at a grade or above."""
        strides = self._strides()
        active = [0] * len(self.lanes.options)
        for group, size, stride in zip(self.lanes.by_finding.values(), self.sizes, strides, strict=False):
            for choice, number in enumerate(group, 1):
                active[number] = repeated(choice, size, stride, self.count)
        atoms = self.lanes.atoms(active, self.one)
        for test, stride in zip(self.loose, strides[len(self.lanes.by_finding) :], strict=True):
            atoms[self.cut.program.atom_number[test]] = self._later(test, active, repeated(1, 2, stride, self.count))
        return self.lanes.run(atoms, self.one).at(conclusion, grade)

    def _strides(self) -> list[int]:
        return [prod(self.sizes[:place]) for place in range(len(self.sizes))]

    def _later(self, test: Later, active: Sequence[int], free: int) -> int:
        """Where a `later` test holds, or may: its work-up is given, and every symptom that is given by now is or may be
        earlier.
        """
        recorded = self.case.recorded
        if any(symptom.finding == test.finding for symptom in test.than):
            return 0
        if test.finding in recorded:
            if not is_later(test, self.case):
                return 0
            unknown = (symptom for symptom in test.than if symptom.finding not in recorded)
            return reduce(and_, (self._no_symptom(symptom, active) for symptom in unknown), self.one) | free
        if not all(is_dated(answer) for symptom in test.than for answer in answers_to(symptom, self.case)):
            return 0
        given = (
            active[number] for number in self.lanes.by_finding.get(test.finding, ()) if not self.lanes.options[number].denies
        )
        return reduce(or_, given, 0) & free

    def _no_symptom(self, symptom: Symptom, active: Sequence[int]) -> int:
        """Where an unknown symptom is left unknown or answered so that no work-up has to follow."""
        return self.lanes.silent(symptom, active) | self.lanes.untouched(symptom.finding, active, self.one)

    def deciding(self, plane: int) -> Iterator[str]:
        """The unknowns that decide in some completion: another answer to one of them alone changes the result."""
        strides = self._strides()
        names = [*self.lanes.by_finding, *(test.finding for test in self.loose)]
        for name, size, stride in zip(names, self.sizes, strides, strict=True):
            first = repeated(0, size, stride, self.count)
            if any(((plane >> choice * stride) ^ plane) & first for choice in range(1, size)):
                yield from (name,) if name not in self.case.values else self._undated(name)

    def _undated(self, work_up: str) -> Iterator[str]:
        """The unknown symptoms that could come after a work-up on record."""
        for test in self.loose:
            if test.finding == work_up:
                yield from (item.finding for item in test.than if item.finding not in self.case.values)


def repeated(choice: int, size: int, stride: int, count: int) -> int:
    """The lanes in which a digit has one value: blocks of `stride` lanes, one in `size`, over `count` lanes.

    >>> bin(repeated(1, 2, 2, 8))
    '0b11001100'
    """
    plane, width = ((1 << stride) - 1) << choice * stride, size * stride
    while width < count:
        plane |= plane << width
        width *= 2
    return plane & ((1 << count) - 1)
