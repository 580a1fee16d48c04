"""Atoms: every single test of a finding, decided once per case so that evaluators do only logic.

In: one `FindingTest` and a case. Out: True or False. Unknown is never absent: a test of an unknown value is False, except
`unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from operator import eq, ge, gt, le, lt
from typing import Any

from ..knowledge.conditions import Absent, ChoiceTest, FindingTest, Known, Later, NumberTest, Present, Unknown
from .case import Case, Recorded

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "over": gt,
    "at_least": ge,
    "under": lt,
    "at_most": le,
    "exactly": eq,
}


def decide(test: FindingTest, case: Case) -> bool:
    """Whether one test of a finding holds in a case."""
    value = case.values.get(test.finding)
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
        case Later():
            return is_later(test, case.recorded)


def decide_all(tests: Iterable[FindingTest], case: Case) -> tuple[bool, ...]:
    """Every test in order; one pass over the case."""
    return tuple(decide(test, case) for test in tests)


def is_later(test: Later, recorded: Mapping[str, Recorded]) -> bool:
    """Whether a signed, dated work-up is later than every symptom of its list that is present or otherwise recorded as a
    value.
    """
    work_up = recorded.get(test.finding)
    if work_up is None or work_up.value is not True or not work_up.recorded_by or work_up.recorded_on is None:
        return False
    symptoms = [recorded[key] for key in test.than if key in recorded and recorded[key].value is not False]
    return all(_is_after(work_up.recorded_on, symptom.recorded_on) for symptom in symptoms)


def _is_after(later: date, earlier: date | None) -> bool:
    """Strictly after; on the same day only where both carry a time of day."""
    if earlier is None:
        return False
    if isinstance(later, datetime) and isinstance(earlier, datetime):
        return later.replace(tzinfo=None) > earlier.replace(tzinfo=None)
    return _day(later) > _day(earlier)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
