"""Answers: what could be recorded for a finding, as far as rules can tell apart.

In: a finding, the tests that rules make of it, a case. Out: `Answer`s, one for each choice and one for each interval of a
number between the thresholds; and the case with some of them recorded. A work-up that a `later` test reads may also be
answered as signed and dated after all else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from pydantic import ConfigDict

from ..engine.atoms import COMPARISONS
from ..engine.case import Case, Recorded, Value
from ..engine.moments import day_of
from ..engine.unshown import Unshown
from ..knowledge.conditions import Atom, FindingTest, Later, NumberTest
from ..knowledge.language import Finding

FROZEN = ConfigDict(frozen=True, extra="forbid")
SIGNED_BY = "assumed"

Cell = tuple[int | float, int | float, bool, bool]
"""An interval: low, high, and whether each end is open."""


class Answer(Unshown):
    """A known value; for a number with the interval it stands for; `signed`: by name and dated after everything else."""

    model_config = FROZEN
    shown = ("finding",)
    finding: str
    value: Value
    low: int | float | None = None
    high: int | float | None = None
    low_open: bool = False
    high_open: bool = False
    signed: bool = False

    def covers(self, value: Value | None) -> bool:
        """Whether a recorded value lies in the interval, or is the value itself."""
        if self.low is None or self.high is None or not isinstance(value, int | float):
            return value == self.value and type(value) is type(self.value)
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))


def answers_of(item: Finding, tests: Sequence[FindingTest], *, signed: bool = False) -> tuple[Answer, ...]:
    """Every answer to a finding; for a number one per interval that `tests` of it cut, in order; no before yes.

    With `signed`, a yes that is signed and dated after everything else follows.
    """
    if item.type == "choice":
        return tuple(Answer(finding=item.id, value=choice) for choice in item.choices)
    if item.type == "number":
        return tuple(_answer(item, cell, first=number == 0) for number, cell in enumerate(cells(item, tests)))
    plain = tuple(Answer(finding=item.id, value=value) for value in (False, True))
    return (*plain, Answer(finding=item.id, value=True, signed=True)) if signed else plain


def cells(item: Finding, tests: Sequence[FindingTest]) -> list[Cell]:
    """The intervals of a number's range in which every test of it comes out alike, lowest first."""
    numeric = [test for test in tests if isinstance(test, NumberTest)]
    found: list[Cell] = []
    for cell in _finest(item, sorted({test.value for test in numeric})):
        if found and _outcome(found[-1], numeric) == _outcome(cell, numeric):
            found[-1] = (found[-1][0], cell[1], found[-1][2], cell[3])
        else:
            found.append(cell)
    return found


def _finest(item: Finding, bounds: Iterable[int | float]) -> Iterator[Cell]:
    """Each threshold as a point, and the gaps between; whole numbers as closed intervals."""
    low, high = item.range or (0, 0)
    start, opened = low, False
    for bound in (bound for bound in bounds if low <= bound <= high):
        yield from _within(item, (start, bound, opened, True))
        yield from _within(item, (bound, bound, False, False))
        start, opened = bound, True
    yield from _within(item, (start, high, opened, False))


def _within(item: Finding, cell: Cell) -> Iterator[Cell]:
    low, high, low_open, high_open = cell
    if item.whole:
        first, last = -int(-low // 1), int(high // 1)
        low, high = first + (low_open and first == low), last - (high_open and last == high)
        low_open = high_open = False
    if low < high or (low == high and not low_open and not high_open):
        yield low, high, low_open, high_open


def _outcome(cell: Cell, tests: Sequence[NumberTest]) -> tuple[bool, ...]:
    value = representative(cell, first=False)
    return tuple(COMPARISONS[test.comparison](value, test.value) for test in tests)


def representative(cell: Cell, *, first: bool) -> int | float:
    """The value that stands for an interval: the end next to a threshold; where that is open, the next whole number or the
    middle.

    >>> representative((0, 12, False, False), first=True), representative((38, 42, True, False), first=False)
    (12, 39)
    """
    low, high, low_open, high_open = cell
    end, open_end = (high, high_open) if first else (low, low_open)
    inner = (math.ceil(high) - 1 if first else math.floor(low) + 1) if open_end else end
    value = inner if low < inner < high or not open_end else (low + high) / 2
    return int(value) if float(value).is_integer() else value


def _answer(item: Finding, cell: Cell, *, first: bool) -> Answer:
    value = representative(cell, first=first)
    return Answer(finding=item.id, value=value, low=cell[0], high=cell[1], low_open=cell[2], high_open=cell[3])


def dated_findings(tests: Iterable[Atom]) -> tuple[frozenset[str], frozenset[str]]:
    """The work-ups and the symptoms whose dates some `later` test reads."""
    later = [test for test in tests if isinstance(test, Later)]
    return frozenset(test.finding for test in later), frozenset(item.finding for test in later for item in test.than)


AFTER = timedelta(days=3)
"""A day that is surely later than another, in whatever zones the two were written."""


def signing_day(case: Case) -> date | None:
    """A day surely after everything on record, at this moment and before; None where the calendar ends."""
    answers = [*case.findings, *(item for items in case.earlier_answers.values() for item in items)]
    days = [day_of(item.dated) for item in answers if item.dated] + ([case.as_of] if case.as_of else [])
    latest = max(days, default=date(2000, 1, 1))
    return latest + AFTER if latest <= date.max - AFTER else None


def recorded(answer: Answer, case: Case) -> Recorded:
    """An answer as it would stand in a case."""
    who = (
        {"recorded_by": SIGNED_BY, "recorded_on": signing_day(case)}
        if answer.signed
        else {"recorded_by": None, "recorded_on": None}
    )
    return Recorded.model_construct(finding=answer.finding, value=answer.value, method=None, note=None, **who)


def with_answers(case: Case, answers: Iterable[Answer]) -> Case:
    """A case with some answers recorded in place of what stood there."""
    return case.with_findings(recorded(answer, case) for answer in answers)
