"""Screens -> rules: what keeps a screen open, worked out from the rules whose conclusions it guards.

In: screens and resolved rules. Out: one generated rule per screen. A screen that lists questions is open while one of them
is unknown. A screen that names a grade is open while a rule that gives this grade could still come to fire: unknown is read
as "may yet hold". Where one unknown is read twice this stays open too long, never too short; answers that a constraint
forbids are not waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .conditions import (
    OPPOSITE,
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    Earlier,
    FindingTest,
    Known,
    Later,
    NotDerived,
    NotEarlier,
    NumberTest,
    Present,
    Unknown,
    findings_of,
    leaves,
)
from .language import Conclusion, Consequence, Constraint, Finding, Rule, Screen

NEVER = AnyOf(of=())
"""Stands for what no answer can bring about; it is taken out of every condition that is made here."""


@dataclass(frozen=True)
class Reach:
    """What may still come to hold: the rules, the conclusions they are for, and the answers that cannot go together."""

    rules: Sequence[Rule]
    conclusions: Mapping[str, Conclusion]
    findings: Mapping[str, Finding]
    constraints: Sequence[Constraint]
    _reached: dict[tuple[str, str], Condition] = field(default_factory=dict)

    @cached_property
    def _constraints_on(self) -> Mapping[str, Sequence[Constraint]]:
        found: dict[str, list[Constraint]] = {}
        for item in self.constraints:
            for name in dict.fromkeys(name for test in item.never for leaf in leaves(test) for name in findings_of(leaf)):
                found.setdefault(name, []).append(item)
        return found

    @cached_property
    def _rules_for(self) -> Mapping[str, Sequence[Rule]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for part in rule.then:
                found.setdefault(part.conclusion, []).append(rule)
        return found

    def reachable(self, name: str, grade: str) -> Condition:
        """Holds while some rule may yet conclude `name` at `grade` or above."""
        if (name, grade) not in self._reached:
            self._reached[name, grade] = self._reach(name, grade)
        return self._reached[name, grade]

    def _reach(self, name: str, grade: str) -> Condition:
        item = self.conclusions[name]
        found: dict[Condition, None] = {}
        for rule in self._rules_for.get(name, ()):
            granted = (part.grade for part in rule.then if part.conclusion == name)
            if any(item.rank(part) >= item.rank(grade) for part in granted):
                found |= dict.fromkeys(_alternatives(self.may_fire(rule)))
        return any_of(found)

    def may_fire(self, rule: Rule) -> Condition:
        """Holds while a rule may yet fire: its `when` may hold, and what blocks it is not derived or may be withdrawn."""
        blockers = tuple(self.may_lapse(item) for item in rule.blockers)
        when = self.may_hold(rule.when)
        return all_of((when, *blockers)) if blockers else when

    def may_hold(self, condition: Condition) -> Condition:
        """The condition that holds while `condition` could still hold for some answers to what is unknown."""
        match condition:
            case Present() | Absent() | NumberTest() | ChoiceTest():
                return any_of((condition, self.may_be_answered(condition)))
            case Known() | Later():
                return AnyOf(of=(condition, Unknown(finding=condition.finding)))
            case Derived(conclusion=conclusion, grade=grade):
                return self.reachable(conclusion, grade)
            case NotDerived():
                return self.may_lapse(condition)
            case All(of=members):
                return all_of(self.may_hold(member) for member in members)
            case AnyOf(of=members):
                return any_of(self.may_hold(member) for member in members)
            case AtLeast(k=k, of=members):
                open_members = tuple(part for part in map(self.may_hold, members) if part != NEVER)
                return AtLeast(k=k, of=open_members) if k <= len(open_members) else NEVER
            case _:
                return condition

    def may_be_answered(self, test: FindingTest) -> Condition:
        """Holds while a test is open: its finding is unknown, and no constraint rules out that it be answered so."""
        unknown = Unknown(finding=test.finding)
        ruling = (item for item in self._constraints_on.get(test.finding, ()) if any(implies(test, part) for part in item.never))
        free = tuple(any_of(parts) for item in ruling if (parts := self.may_be_kept(item, test)) is not None)
        return all_of((unknown, *free)) if free else unknown

    def may_be_kept(self, constraint: Constraint, test: FindingTest) -> tuple[Condition, ...] | None:
        """Alternatives under which a constraint is kept although `test` is met; None where that cannot be told."""
        others = tuple(part for part in constraint.never if not implies(test, part))
        failing = [self.may_fail(part) for part in others]
        if None in failing or any(test.finding in findings_of(leaf) for part in others for leaf in leaves(part)):
            return None
        return tuple(part for parts in failing for part in parts or ())

    def may_fail(self, test: Condition) -> tuple[Condition, ...] | None:
        """Alternatives under which a test of one finding does not hold: another value, or none; None for other forms."""
        match test:
            case Present(finding=name):
                return Absent(finding=name), Unknown(finding=name)
            case Absent(finding=name):
                return Present(finding=name), Unknown(finding=name)
            case Known(finding=name):
                return (Unknown(finding=name),)
            case ChoiceTest(finding=name, choices=choices):
                others = tuple(choice for choice in self.findings[name].choices if choice not in choices)
                return ChoiceTest(finding=name, choices=others), Unknown(finding=name)
            case NumberTest(finding=name):
                opposite = OPPOSITE[test.comparison]
                tests = tuple(NumberTest(finding=name, comparison=key, value=test.value) for key in opposite)
                return *tests, Unknown(finding=name)
            case All(of=members):
                failing = [self.may_fail(member) for member in members]
                return None if None in failing else tuple(part for parts in failing for part in parts or ())
            case _:
                return None

    def may_lapse(self, blocker: NotDerived) -> Condition:
        """Holds while a blocking conclusion is not derived, or while an unanswered question could still withdraw it.

        What was derived from answers stays derived, but for a work-up that an unanswered symptom would reopen, and for
        rules that test that something is unknown.
        """
        questions = tuple(dict.fromkeys(self._withdrawing(blocker.conclusion, frozenset())))
        if not questions:
            return blocker
        derived = Derived(conclusion=blocker.conclusion, grade=blocker.grade)
        return AnyOf(of=(blocker, All(of=(derived, AnyOf(of=tuple(Unknown(finding=name) for name in questions))))))

    def _withdrawing(self, conclusion: str, seen: frozenset[str]) -> Iterator[str]:
        if conclusion in seen:
            return
        for rule in self._rules_for.get(conclusion, ()):
            for leaf in leaves(rule.when):
                match leaf:
                    case Later(than=than):
                        yield from (symptom.finding for symptom in than)
                    case Unknown(finding=name):
                        yield name
                    case Derived(conclusion=name):
                        yield from self._withdrawing(name, seen | {conclusion})
                    case _:
                        continue
            for item in rule.blockers:
                yield from self._deriving(item.conclusion, seen | {conclusion})

    def _deriving(self, conclusion: str, seen: frozenset[str]) -> Iterator[str]:
        """The findings whose answers could derive a conclusion."""
        if conclusion in seen:
            return
        for rule in self._rules_for.get(conclusion, ()):
            for leaf in leaves(rule.when):
                if isinstance(leaf, Derived | NotDerived):
                    yield from self._deriving(leaf.conclusion, seen | {conclusion})
                elif not isinstance(leaf, Earlier | NotEarlier):
                    yield leaf.finding
            for item in rule.blockers:
                yield from self._withdrawing(item.conclusion, seen | {conclusion})


def all_of(members: Iterable[Condition]) -> Condition:
    """Every member, each once; `NEVER` where one of them is."""
    of = tuple(dict.fromkeys(members))
    return NEVER if NEVER in of else All(of=of)


def any_of(members: Iterable[Condition]) -> Condition:
    """One member or more, each once, without those that never hold."""
    return AnyOf(of=tuple(part for part in dict.fromkeys(members) if part != NEVER))


def implies(test: Condition, member: Condition) -> bool:
    """Whether an answer that meets `test` surely meets `member` too: the same test, a wider choice, or any value at all."""
    if isinstance(test, ChoiceTest) and isinstance(member, ChoiceTest) and test.finding == member.finding:
        return set(test.choices) <= set(member.choices)
    if isinstance(test, Present | Absent | NumberTest | ChoiceTest) and isinstance(member, Known):
        return test.finding == member.finding
    return test == member


def screen_rule(screen: Screen, reach: Reach) -> Rule:
    """The rule that derives a screen's `open` conclusion; its `when` is `NEVER` where nothing could open the screen."""
    asked = tuple(Unknown(finding=finding) for finding in screen.ask)
    reaching = (reach.reachable(name, grade) for name, grade in screen.reach.items())
    members = (*asked, *(part for part in reaching if part != NEVER))
    return Rule(
        id=f"{screen.pack}/{screen.open}",
        title=f"{screen.title} not complete",
        when=members[0] if len(members) == 1 else AnyOf(of=members),
        then=(Consequence(conclusion=screen.open, grade=reach.conclusions[screen.open].grades[0]),),
        source=screen.source,
        interpretation=screen.interpretation,
        pack=screen.pack,
        file=screen.file,
        line=screen.line,
    )


def _alternatives(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, AnyOf):
        return tuple(part for member in condition.of for part in _alternatives(member))
    return (condition,)
