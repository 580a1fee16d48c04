"""Atoms: every single test of a finding or of earlier moments, decided once per case so that evaluators do only logic.

In: one `Atom` and a case. Out: True or False. Unknown is never absent: a test of an unknown value is False, except
`unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from operator import eq, ge, gt, le, lt
from typing import Any

from ..knowledge.conditions import (
    Absent,
    Atom,
    ChoiceTest,
    Earlier,
    Known,
    Later,
    NotEarlier,
    NumberTest,
    Present,
    Symptom,
    Unknown,
)
from .case import Case, Recorded, Value

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "over": gt,
    "at_least": ge,
    "under": lt,
    "at_most": le,
    "exactly": eq,
}

HOUR = 3_600_000_000
DAY = 24 * HOUR
FIRST_ZONE, LAST_ZONE = 14 * HOUR, 12 * HOUR
"""How far ahead of UTC the day begins first, and how far behind it ends last, in microseconds."""


def decide(test: Atom, case: Case) -> bool:
    """Whether one test holds in a case."""
    match test:
        case Later():
            return is_later(test, case)
        case Earlier():
            return case.earlier_grades.get(test.conclusion) in test.grades
        case NotEarlier():
            return case.earlier_grades.get(test.conclusion) not in test.grades
        case _:
            return passes(test, case.values.get(test.finding))


def passes(test: Present | Absent | Unknown | Known | NumberTest | ChoiceTest, value: Value | None) -> bool:
    """Whether a value, None for unknown, passes a test of one finding."""
    match test:
        case Present():
            return value is True
        case Absent():
            return value is False
        case Unknown():
            return value is None
        case Known():
            return value is not None
        case NumberTest():
            return value is not None and COMPARISONS[test.comparison](value, test.value)
        case ChoiceTest():
            return value is not None and value in test.choices


def decide_all(tests: Iterable[Atom], case: Case) -> tuple[bool, ...]:
    """Every test in order; one pass over the case."""
    return tuple(decide(test, case) for test in tests)


def is_later(test: Later, case: Case) -> bool:
    """Whether a signed, dated work-up is later than every answer of any moment that passes a test of its list."""
    work_up = case.recorded.get(test.finding)
    if work_up is None or not is_signed(work_up):
        return False
    return all(is_after(work_up, answer) for symptom in test.than for answer in answers_to(symptom, case))


def is_signed(work_up: Recorded) -> bool:
    """Whether a work-up was done, by somebody named, on a day named."""
    return work_up.value is True and bool(work_up.recorded_by) and work_up.recorded_on is not None


def answers_to(symptom: Symptom, case: Case) -> list[Recorded]:
    """The answers of this moment and of earlier ones that pass a symptom's test."""
    now = case.recorded.get(symptom.finding)
    given = (*case.earlier_answers.get(symptom.finding, ()), *((now,) if now else ()))
    return [answer for answer in given if passes(symptom, answer.value)]


def is_after(work_up: Recorded, answer: Recorded) -> bool:
    """Whether a work-up is later than an answer for every instant that either may mean."""
    if work_up.recorded_on is None or answer.dated is None:
        return False
    return instants(work_up.recorded_on)[0] > instants(answer.dated)[1]


def instants(moment: date) -> tuple[int, int]:
    """The first and the last instant that a date or time may mean, in microseconds of UTC since the year 0.

    >>> first, last = instants(date(2026, 11, 22))
    >>> (last + 1 - first) // HOUR
    50
    """
    if not isinstance(moment, datetime):
        start = moment.toordinal() * DAY
        return start - FIRST_ZONE, start + DAY + LAST_ZONE - 1
    clock = (moment.hour * 3600 + moment.minute * 60 + moment.second) * 1_000_000 + moment.microsecond
    local = moment.toordinal() * DAY + clock
    offset = moment.utcoffset()
    if offset is None:
        return local - FIRST_ZONE, local + LAST_ZONE
    ahead = (offset.days * 86_400 + offset.seconds) * 1_000_000 + offset.microseconds
    return local - ahead, local - ahead
