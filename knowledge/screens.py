"""Screens -> rules: what keeps a screen open, worked out from the rules whose conclusions it guards.

In: screens and resolved rules. Out: one generated rule per screen, and parts: conclusions with a generated rule each, which
stand for conditions that would otherwise be written out wherever they are met, so that what is generated grows with the rules
and not with the ways through them. A screen that lists questions is open while one of them
is unknown. A screen that names a grade is open while a rule that gives this grade could still come to fire: unknown is read
as "may yet hold". Where one unknown is read twice this stays open too long, never too short; answers that a constraint
forbids are not waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from .conditions import (
    BRANCHES,
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
from .graph import strata_of
from .items import ONLY_GRADE
from .language import Conclusion, Consequence, Constraint, Finding, Rule, Screen

NEVER = AnyOf(of=())
"""Stands for what no answer can bring about; it is taken out of every condition that is made here."""
LARGEST = 60
"""Nodes of a condition that is written out wherever it is met; a larger one becomes a part."""


@dataclass(frozen=True)
class Reach:
    """What may still come to hold: the rules, the conclusions they are for, and the answers that cannot go together.

    `parts` are filled as conditions are asked for; they belong to `screen`, and none is made without one.
    """

    rules: Sequence[Rule]
    conclusions: Mapping[str, Conclusion]
    findings: Mapping[str, Finding]
    constraints: Sequence[Constraint]
    screen: Screen | None = None
    largest: int = LARGEST
    parts: list[tuple[Conclusion, Rule]] = field(default_factory=list)
    _reached: dict[tuple[str, str], Condition] = field(default_factory=dict)
    _firing: dict[str, Condition] = field(default_factory=dict)
    _asked: dict[str, Condition | None] = field(default_factory=dict)

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
            self._reached[name, grade] = self._shared(self.reaching(name, grade), f"{name} at {grade} may still come to hold")
        return self._reached[name, grade]

    def _before(self, name: str) -> Iterator[Rule]:
        """The rules on which a conclusion rests and that were not met yet, each after those it rests on itself."""
        met: dict[str, Rule] = {}
        waiting = [name]
        while waiting:
            for rule in self._rules_for.get(waiting.pop(), ()):
                if rule.id not in met and rule.id not in self._firing:
                    met[rule.id] = rule
                    waiting += [leaf.conclusion for leaf in leaves(rule.when) if isinstance(leaf, Derived)]
        return (rule for stratum in strata_of(met.values()) for rule in stratum)

    def reaching(self, name: str, grade: str) -> Condition:
        """`reachable` written out: what `name` rests on directly is never made a part of its own."""
        for rule in self._before(name):
            self.may_fire(rule)
        item = self.conclusions[name]
        found: dict[Condition, None] = {}
        for rule in self._rules_for.get(name, ()):
            granted = (part.grade for part in rule.then if part.conclusion == name)
            if any(item.rank(part) >= item.rank(grade) for part in granted):
                found |= dict.fromkeys(_alternatives(self.may_fire(rule)))
        return any_of(found)

    def _shared(self, condition: Condition, title: str) -> Condition:
        """A condition as it is, or a test of the part that stands for it where it is large."""
        if self.screen is None or size(condition, self.largest) <= self.largest:
            return condition
        name = self._free_name(self.screen)
        kind = self.conclusions[self.screen.open].kind
        place = {key: getattr(self.screen, key) for key in ("source", "pack", "file", "line")}
        rule = _generated(self.screen, name, title, condition, ONLY_GRADE)
        self.parts.append((Conclusion(id=name, kind=kind, **place), rule))
        return Derived(conclusion=name, grade=ONLY_GRADE)

    def _free_name(self, screen: Screen) -> str:
        taken = {item.partition(".")[0] for item in (*self.conclusions, *self.findings)}
        taken |= {rule.id.partition("/")[2] for rule in self.rules} | {item.id for item, _ in self.parts}
        names = (f"{screen.open[:45]}_part_{number}" for number in count(len(self.parts) + 1))
        return next(name for name in names if name not in taken)

    def may_fire(self, rule: Rule) -> Condition:
        """Holds while a rule may yet fire: its `when` may hold, and what blocks it is not derived or may be withdrawn."""
        if rule.id not in self._firing:
            blockers = tuple(self.may_lapse(item) for item in rule.blockers)
            when = self.may_hold(rule.when)
            self._firing[rule.id] = all_of((when, *blockers)) if blockers else when
        return self._firing[rule.id]

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
        asked = self._questions(blocker.conclusion)
        if asked is None:
            return blocker
        derived = Derived(conclusion=blocker.conclusion, grade=blocker.grade)
        return AnyOf(of=(blocker, All(of=(derived, asked))))

    def _questions(self, conclusion: str) -> Condition | None:
        """Holds while a question that could withdraw a conclusion is unanswered; None where there is no such question."""
        if conclusion not in self._asked:
            unknown = tuple(Unknown(finding=name) for name in self._withdrawing(conclusion))
            title = f"a question that could withdraw {conclusion} is unanswered"
            self._asked[conclusion] = self._shared(AnyOf(of=unknown), title) if unknown else None
        return self._asked[conclusion]

    def _withdrawing(self, conclusion: str) -> Iterable[str]:
        """The findings whose answers could withdraw a conclusion, or derive what blocks it; in order, once each."""
        found: dict[str, None] = {}
        waiting, met = [self._tested_for(conclusion, True)], {(conclusion, True)}
        while waiting:
            item = next(waiting[-1], None)
            if item is None:
                waiting.pop()
            elif isinstance(item, str):
                found[item] = None
            elif item not in met:
                met.add(item)
                waiting.append(self._tested_for(*item))
        return found

    def _tested_for(self, conclusion: str, withdraws: bool) -> Iterator[str | tuple[str, bool]]:
        return (item for rule in self._rules_for.get(conclusion, ()) for item in self._tested(rule, withdraws))

    def _tested(self, rule: Rule, withdraws: bool) -> Iterator[str | tuple[str, bool]]:
        """The findings that could make a rule lapse, or fire, and the conclusions whose lapsing (True) or deriving could."""
        for leaf in leaves(rule.when):
            match leaf:
                case Derived(conclusion=name) | NotDerived(conclusion=name):
                    yield name, withdraws
                case Later(than=than) if withdraws:
                    yield from (symptom.finding for symptom in than)
                case Earlier() | NotEarlier():
                    continue
                case _ if not withdraws or isinstance(leaf, Unknown):
                    yield leaf.finding
                case _:
                    continue
        yield from ((item.conclusion, not withdraws) for item in rule.blockers)


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
    reaching = (reach.reaching(name, grade) for name, grade in screen.reach.items())
    members = (*asked, *(part for part in reaching if part != NEVER))
    when = members[0] if len(members) == 1 else AnyOf(of=members)
    return _generated(screen, screen.open, f"{screen.title} not complete", when, reach.conclusions[screen.open].grades[0])


def _generated(screen: Screen, name: str, title: str, when: Condition, grade: str) -> Rule:
    """A rule that is worked out for a screen; it cites what the screen cites."""
    return Rule(
        id=f"{screen.pack}/{name}",
        title=title,
        when=when,
        then=(Consequence(conclusion=name, grade=grade),),
        source=screen.source,
        interpretation=screen.interpretation,
        pack=screen.pack,
        file=screen.file,
        line=screen.line,
    )


def size(condition: Condition, enough: int) -> int:
    """The nodes of a condition, counted until there are more than enough."""
    nodes, waiting = 0, [condition]
    while waiting and nodes <= enough:
        nodes += 1
        item = waiting.pop()
        waiting += item.of if isinstance(item, BRANCHES) else ()
    return nodes


def _alternatives(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, AnyOf):
        return tuple(part for member in condition.of for part in _alternatives(member))
    return (condition,)


def whole_of(condition: Condition, parts: Mapping[str, Rule]) -> tuple[Condition, ...]:
    """A condition, and that of every part it reads, once each."""
    found, waiting = {"": condition}, [condition]
    while waiting:
        read = [leaf.conclusion for leaf in leaves(waiting.pop()) if isinstance(leaf, Derived)]
        new = {name: parts[name].when for name in read if name in parts and name not in found}
        found |= new
        waiting += new.values()
    return tuple(found.values())
