"""Screens -> rules: what keeps a screen open, worked out from the rules whose conclusions it guards.

In: screens and resolved rules. Out: one generated rule per screen. A screen that lists questions is open while one of them is unknown. A
screen that names a grade is open while a rule that gives this grade could still come to fire: unknown is read as "may yet hold".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    Known,
    Later,
    NumberTest,
    Present,
    Unknown,
    leaves,
)
from .language import Conclusion, Consequence, Rule, Screen


def screen_rule(screen: Screen, rules: Sequence[Rule], conclusions: Mapping[str, Conclusion]) -> Rule:
    """The rule that derives a screen's `open` conclusion."""
    asked = tuple(Unknown(finding=finding) for finding in screen.ask)
    reaching = tuple(_reachable(name, grade, rules, conclusions) for name, grade in screen.reach.items())
    members = (*asked, *reaching)
    return Rule(
        id=f"{screen.pack}/{screen.open}",
        title=f"{screen.title} not complete",
        when=members[0] if len(members) == 1 else AnyOf(of=members),
        then=(Consequence(conclusion=screen.open, grade=conclusions[screen.open].grades[0]),),
        source=screen.source,
        interpretation=screen.interpretation,
        pack=screen.pack,
        file=screen.file,
        line=screen.line,
    )


def _reachable(name: str, grade: str, rules: Sequence[Rule], conclusions: Mapping[str, Conclusion]) -> Condition:
    """Holds while some rule may yet conclude `name` at `grade` or above; one member per root rule, duplicates dropped."""
    found: dict[Condition, None] = {}
    for rule in rules:
        for consequence in rule.then:
            item = conclusions[name]
            if consequence.conclusion == name and item.rank(consequence.grade) >= item.rank(grade):
                found[may_hold(rule.when, rules, conclusions)] = None
                break
    flat = dict.fromkeys(member for condition in found for member in _alternatives(condition))
    return AnyOf(of=tuple(flat))


def _alternatives(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, AnyOf):
        return tuple(part for member in condition.of for part in _alternatives(member))
    return (condition,)


def may_hold(condition: Condition, rules: Sequence[Rule], conclusions: Mapping[str, Conclusion]) -> Condition:
    """The condition that holds exactly while `condition` could still hold for some answers to what is unknown.

    A test of a conclusion is unfolded into the rules for it; what blocks those rules is read as it stands now. Over-approximates where one
    unknown is read twice, so that a screen may stay open too long, never close too early.
    """
    match condition:
        case Present() | Absent() | NumberTest() | ChoiceTest() | Known():
            return AnyOf(of=(condition, Unknown(finding=condition.finding)))
        case Later():
            return condition
        case Derived(conclusion=conclusion, grade=grade):
            return _reachable(conclusion, grade, rules, conclusions) if _reads_findings(conclusion, rules) else condition
        case All(of=members):
            return All(of=tuple(dict.fromkeys(may_hold(member, rules, conclusions) for member in members)))
        case AnyOf(of=members):
            return AnyOf(of=tuple(dict.fromkeys(may_hold(member, rules, conclusions) for member in members)))
        case AtLeast(k=k, of=members):
            return AtLeast(k=k, of=tuple(may_hold(member, rules, conclusions) for member in members))
        case _:
            return condition


def _reads_findings(conclusion: str, rules: Sequence[Rule]) -> bool:
    return any(item.conclusion == conclusion for rule in rules for item in rule.then)


def unanswered(condition: Condition) -> tuple[str, ...]:
    """The findings whose being unknown a condition tests, in order and once each."""
    found = (leaf.finding for leaf in leaves(condition) if isinstance(leaf, Unknown))
    return tuple(dict.fromkeys(found))


