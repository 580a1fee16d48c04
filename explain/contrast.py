"""Contrast: why one conclusion rather than another: only the findings that decide between the two, in both directions.

In: knowledge, a case, two conclusions. Out: `Contrast`. A test of a finding decides when the rules for one of them read it,
directly or through what they rest on, and those for the other do not; what both read is common ground. The smallest changes
that would turn the one into the other are exact, as in `counterfactual.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import ConfigDict

from ..engine.case import Case, Value
from ..engine.reference import Reference
from ..engine.unshown import Unshown
from ..knowledge.conditions import FindingTest
from ..knowledge.language import KnowledgeBase
from .arguments import Reads, reads_of
from .counterfactual import MOST, ChangeSet, Goal, described, grade_now, search

FROZEN = ConfigDict(frozen=True, extra="forbid")


class Deciding(Unshown):
    """A test that the rules for one conclusion make and those for the other do not: what is recorded, and the rules."""

    model_config = FROZEN
    leaf: FindingTest
    value: Value | None
    rules: tuple[str, ...]


class Side(Unshown):
    """One of two conclusions: its grade, what speaks for it alone, and what it alone lacks, not recorded first."""

    model_config = FROZEN
    shown = ("conclusion",)
    conclusion: str
    grade: str | None
    holds: tuple[Deciding, ...]
    fails: tuple[Deciding, ...]


class Contrast(Unshown):
    """Why `a` rather than `b`: what decides on either side, how many tests are common ground, and the smallest sets of at most
    `most` changed findings after which it would be `b` rather than `a`.
    """

    model_config = FROZEN
    shown = ("a", "b")
    a: Side
    b: Side
    common: int
    most: int
    turned_by: tuple[ChangeSet, ...]


def contrast(
    knowledge: KnowledgeBase, case: Case, a: str, b: str, *, most: int = MOST, may_change: Collection[str] | None = None
) -> Contrast:
    """What decides between two conclusions.

    Raises:
        AskedError: one of them is not declared.
        EngineError: the result failed its own check.
    """
    from .trials import check_contrast

    grades = {name: grade_now(knowledge, case, name) for name in (a, b)}
    reads = {name: reads_of(knowledge, name) for name in (a, b)}
    goal = Goal(frozenset({a, b}), lambda found: found.exactly(a, None) & (found.exactly(b, None) ^ found.one))
    found = search(knowledge, case, goal, most=most, may_change=may_change)
    result = Contrast(
        a=_side(knowledge, case, a, grades[a], reads[a], reads[b]),
        b=_side(knowledge, case, b, grades[b], reads[b], reads[a]),
        common=len(reads[a].keys() & reads[b].keys()),
        most=most,
        turned_by=described(knowledge, case, found.sets, b),
    )
    check_contrast(knowledge, case, result)
    return result


def _side(knowledge: KnowledgeBase, case: Case, name: str, grade: str | None, reads: Reads, other: Reads) -> Side:
    reference = Reference(knowledge, case)
    alone = {test: rules for test, rules in reads.items() if test not in other}
    holds = tuple(_deciding({test: rules for test, rules in alone.items() if reference.holds(test)}, case))
    fails = tuple(_deciding({test: rules for test, rules in alone.items() if not reference.holds(test)}, case))
    not_recorded_first = tuple(sorted(fails, key=lambda item: item.value is not None))
    return Side(conclusion=name, grade=grade, holds=holds, fails=not_recorded_first)


def _deciding(reads: Reads, case: Case) -> Iterator[Deciding]:
    for test, rules in reads.items():
        yield Deciding(leaf=test, value=case.values.get(test.finding), rules=tuple(rules))
