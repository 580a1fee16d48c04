"""A condition over planes of any kind, leaf by leaf, so that one leaf can be held true or false.

In: a condition and a plane for each of its leaves. Out: the plane of the whole. Used beside the compiled program where a rule
is looked at alone: to ask which of its tests decides, or what a changed rule would do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..engine.atoms import decide
from ..engine.case import Case
from ..knowledge.conditions import All, AnyOf, AtLeast, Condition, Derived, Leaf, NotDerived, leaves
from ..knowledge.language import Conclusion, Rule

LeafPlane = Callable[[Leaf], Any]


def tests_of(rule: Rule) -> list[Leaf]:
    """Every test of a rule, those of `when` first, then what blocks it; a test that stands twice comes twice."""
    return [*leaves(rule.when), *rule.blockers]


def rule_plane(rule: Rule, planes: Sequence[Any]) -> Any:
    """Whether a rule fires, from a plane for each of its tests in order."""
    waiting = iter(planes)
    found = _plane(rule.when, lambda _: next(waiting))
    for _ in rule.blockers:
        found = found & next(waiting)
    return found


def _plane(condition: Condition, leaf: LeafPlane) -> Any:
    match condition:
        case All(of=members):
            return _joined([_plane(member, leaf) for member in members], True)
        case AnyOf(of=members):
            return _joined([_plane(member, leaf) for member in members], False)
        case AtLeast(k=k, of=members):
            return at_least(k, [_plane(member, leaf) for member in members])
        case _:
            return leaf(condition)


def _joined(planes: list[Any], every: bool) -> Any:
    found = planes[0]
    for plane in planes[1:]:
        found = found & plane if every else found | plane
    return found


def at_least(k: int, planes: Sequence[Any]) -> Any:
    """`k` or more of the planes: rung j holds when j or more of those seen so far do."""
    rungs: list[Any] = []
    for plane in planes:
        grown = [plane] if not rungs else [rungs[0] | plane]
        grown += [upper | lower & plane for lower, upper in pairwise(rungs)]
        if rungs:
            grown.append(rungs[-1] & plane)
        rungs = grown[:k]
    return rungs[k - 1]


def leaf_holds(leaf: Leaf, case: Case, grades: Mapping[str, str], conclusions: Mapping[str, Conclusion]) -> bool:
    """Whether one test holds in a case whose conclusions are known."""
    if isinstance(leaf, Derived | NotDerived):
        item, grade = conclusions[leaf.conclusion], grades.get(leaf.conclusion)
        derived = grade is not None and item.rank(grade) >= item.rank(leaf.grade)
        return derived is isinstance(leaf, Derived)
    return decide(leaf, case)


def fires(rule: Rule, case: Case, grades: Mapping[str, str], conclusions: Mapping[str, Conclusion]) -> bool:
    """Whether a rule fires in a case whose conclusions are known."""
    return bool(rule_plane(rule, [leaf_holds(leaf, case, grades, conclusions) for leaf in tests_of(rule)]))
