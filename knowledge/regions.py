"""Regions: the few values of a finding that the tests of a knowledge base can tell apart.

In: findings and the tests made of them. Out: for each finding one value per region, simplest first within a region, and
None for unknown. Whatever holds for these values holds for every value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

from .conditions import (
    Absent,
    ChoiceTest,
    Condition,
    FindingTest,
    Known,
    Later,
    NumberTest,
    Present,
    Unknown,
    value_tests,
)
from .language import Finding, KnowledgeBase

Value = bool | int | float | str | None


def passes(test: FindingTest, value: Value) -> bool:
    """Whether a test holds for a value; a `later` test counts as held for yes, because its dates are not seen here.

    >>> passes(NumberTest(finding="days", comparison="over", value=10), 11)
    True
    """
    match test:
        case Present() | Later():
            return value is True
        case Absent():
            return value is False
        case Unknown():
            return value is None
        case Known():
            return value is not None
        case ChoiceTest():
            return value is not None and value in test.choices
        case NumberTest():
            return value is not None and _compare(test, value)


def _compare(test: NumberTest, value: Any) -> bool:
    match test.comparison:
        case "over":
            return bool(value > test.value)
        case "at_least":
            return bool(value >= test.value)
        case "under":
            return bool(value < test.value)
        case "at_most":
            return bool(value <= test.value)
        case _:
            return bool(value == test.value)


def regions(knowledge: KnowledgeBase, more: Iterable[Condition] = ()) -> dict[str, tuple[Value, ...]]:
    """For each finding the values that matter, None for unknown first; `more` are conditions beside those of the rules."""
    bounds: dict[str, set[int | float]] = {}
    conditions = [rule.when for rule in knowledge.rules]
    conditions += [test for item in knowledge.constraints for test in item.never]
    conditions += [item.violation for item in knowledge.invariants if item.violation]
    for condition in (*conditions, *more):
        for leaf in value_tests(condition):
            if isinstance(leaf, NumberTest):
                bounds.setdefault(leaf.finding, set()).add(leaf.value)
    return {item.id: (None, *values_of(item, bounds.get(item.id, set()))) for item in knowledge.findings}


def values_of(finding: Finding, bounds: Iterable[int | float]) -> tuple[Value, ...]:
    """One known value per region of a finding: yes and no, every choice, or a number on and between the bounds."""
    if finding.type == "yes_no":
        return (True, False)
    if finding.type == "choice":
        return finding.choices
    low, high = finding.range or (0, 0)
    edges = sorted({low, high, *(bound for bound in bounds if low <= bound <= high)})
    found: list[int | float] = []
    for below, above in pairwise(edges):
        between = _between(below, above, finding.whole)
        found += [below] if between is None else [below, between]
    return (*found, edges[-1])


def _between(below: int | float, above: int | float, whole: bool) -> int | float | None:
    """The simplest value strictly between: a whole number where there is one."""
    after = floor(below) + 1
    if after < above:
        return after
    if whole:
        return None
    middle = (Fraction(below) + Fraction(above)) / 2
    value = float(middle)
    return value if below < value < above else None


def deciding(tests: Iterable[FindingTest]) -> Mapping[str, tuple[FindingTest, ...]]:
    """Tests by the finding they read first."""
    found: dict[str, list[FindingTest]] = {}
    for test in tests:
        found.setdefault(test.finding, []).append(test)
    return {key: tuple(dict.fromkeys(value)) for key, value in found.items()}
