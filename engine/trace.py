"""The trace: what happened in one inference, as data. It records and never formats.

In: program, case and fired rules. Out: `Trace`: every firing in order with each condition and the facts behind it, and
every rule that was met but blocked. The same inputs give the same trace, so that it can be rebuilt whenever it is asked
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Literal

from pydantic import ConfigDict

from ..knowledge.conditions import (
    FINDING_TESTS,
    All,
    AnyOf,
    AtLeast,
    Condition,
    Derived,
    Earlier,
    Leaf,
    NotDerived,
    NotEarlier,
    Unknown,
    findings_of,
    leaves,
)
from ..knowledge.frozen import FrozenDict
from ..knowledge.graph import findings_behind
from ..knowledge.items import URGENCY
from ..knowledge.language import Consequence, Constraint, KnowledgeBase, Rule
from .atoms import decide
from .case import Case, Value
from .moments import on_the_day_of
from .program import Outcome, Program
from .unshown import Unshown

FROZEN = ConfigDict(frozen=True, extra="forbid")


class Checked(Unshown):
    """A condition and how it came out. A leaf has `leaf` and what was recorded or derived; a branch has `of`, and `k` for a
    count.
    """

    model_config = FROZEN
    test: Literal["leaf", "all", "any", "at_least"]
    holds: bool
    leaf: Leaf | None = None
    value: Value | None = None
    grade: str | None = None
    k: int | None = None
    parameter: str | None = None
    of: tuple[Checked, ...] = ()


class Firing(Unshown):
    """A rule that was carried out, in order, with what it rested on and what it concluded."""

    model_config = FROZEN
    shown = ("rule",)
    order: int
    rule: str
    pack: str
    file: str
    line: int
    stratum: int
    when: Checked
    unless: tuple[Checked, ...]
    concluded: tuple[Consequence, ...]


class Blocked(Unshown):
    """A rule whose `when` held and that was held back by conclusions: `by` names each with its grade."""

    model_config = FROZEN
    shown = ("rule",)
    rule: str
    pack: str
    file: str
    line: int
    stratum: int
    when: Checked
    by: tuple[Consequence, ...]
    gated: bool


class Contradiction(Unshown):
    """Answers of a case that cannot all be right; `urgent` when a red flag rests on one of them."""

    model_config = FROZEN
    shown = ("constraint",)
    constraint: str
    findings: tuple[str, ...]
    because: str
    file: str
    line: int
    urgent: bool


class Trace(Unshown):
    """Every event of one inference."""

    model_config = FROZEN
    fingerprint: str
    firings: tuple[Firing, ...]
    blocked: tuple[Blocked, ...]
    grades: tuple[Consequence, ...]
    contradictions: tuple[Contradiction, ...]
    evaluators: tuple[str, ...]

    @cached_property
    def grade_of(self) -> Mapping[str, str]:
        """The grade of each derived conclusion."""
        return FrozenDict((item.conclusion, item.grade) for item in self.grades)

    @cached_property
    def firings_for(self) -> Mapping[str, tuple[Firing, ...]]:
        """The firings that gave each derived conclusion, in order."""
        found: dict[str, list[Firing]] = {}
        for firing in self.firings:
            for item in firing.concluded:
                found.setdefault(item.conclusion, []).append(firing)
        return FrozenDict((name, tuple(firings)) for name, firings in found.items())


def build_trace(knowledge: KnowledgeBase, program: Program, case: Case, outcome: Outcome, evaluators: tuple[str, ...]) -> Trace:
    """The trace of a case under an outcome; pure, so that it is the same each time."""
    recorder = Recorder(case, outcome.grade, program)
    firings: list[Firing] = []
    blocked: list[Blocked] = []
    for rule in program.rules:
        if rule.id in outcome.fired:
            firings.append(recorder.firing(rule, len(firings) + 1))
        elif (when := recorder.checked(rule.when)).holds:
            blocked.append(recorder.blocked(rule, when))
    grades = tuple(Consequence(conclusion=name, grade=grade) for name, grade in outcome.grades)
    contradictions = tuple(find_contradictions(knowledge, case))
    return Trace(
        fingerprint=knowledge.fingerprint,
        firings=tuple(firings),
        blocked=tuple(blocked),
        grades=grades,
        contradictions=contradictions,
        evaluators=evaluators,
    )


class Recorder:
    """Checks conditions against a case and the grades derived in it."""

    def __init__(self, case: Case, grades: Mapping[str, str], program: Program) -> None:
        self.case, self.grades, self.program = case, grades, program

    def checked(self, condition: Condition) -> Checked:
        """A condition with its result and the facts behind it, all branches included."""
        match condition:
            case All(of=members):
                of = tuple(self.checked(member) for member in members)
                return Checked(test="all", holds=all(item.holds for item in of), of=of)
            case AnyOf(of=members):
                of = tuple(self.checked(member) for member in members)
                return Checked(test="any", holds=any(item.holds for item in of), of=of)
            case AtLeast(k=k, of=members, parameter=parameter):
                of = tuple(self.checked(member) for member in members)
                met = sum(item.holds for item in of)
                return Checked(test="at_least", holds=met >= k, k=k, parameter=parameter, of=of)
            case Derived() | NotDerived():
                return self._of_conclusion(condition)
            case Earlier() | NotEarlier():
                grade = self.case.earlier_grades.get(condition.conclusion)
                return Checked(test="leaf", holds=decide(condition, self.case), leaf=condition, grade=grade)
            case _:
                value = self.case.values.get(condition.finding)
                return Checked(test="leaf", holds=decide(condition, self.case), leaf=condition, value=value)

    def _of_conclusion(self, leaf: Derived | NotDerived) -> Checked:
        item = self.program.conclusion_by_id[leaf.conclusion]
        grade = self.grades.get(leaf.conclusion)
        derived = grade is not None and item.rank(grade) >= item.rank(leaf.grade)
        return Checked(test="leaf", holds=derived is isinstance(leaf, Derived), leaf=leaf, grade=grade)

    def firing(self, rule: Rule, order: int) -> Firing:
        """The record of a rule that fired."""
        return Firing(
            order=order,
            rule=rule.id,
            pack=rule.pack,
            file=rule.file,
            line=rule.line,
            stratum=self.program.stratum_of[rule.id],
            when=self.checked(rule.when),
            unless=tuple(self.checked(item) for item in rule.blockers),
            concluded=rule.then,
        )

    def blocked(self, rule: Rule, when: Checked) -> Blocked:
        """The record of a rule that was held back."""
        holding = [item for item in rule.blockers if not self.checked(item).holds]
        return Blocked(
            rule=rule.id,
            pack=rule.pack,
            file=rule.file,
            line=rule.line,
            stratum=self.program.stratum_of[rule.id],
            when=when,
            by=tuple(Consequence(conclusion=item.conclusion, grade=self.grades[item.conclusion]) for item in holding),
            gated=all(item in rule.gates for item in holding),
        )


def find_contradictions(knowledge: KnowledgeBase, case: Case) -> Iterable[Contradiction]:
    """Every constraint that the answers of a case break, those under a red flag first.

    Answers are compared as they stood on the day of the latest of them: a fall was recent when it was recorded so.
    """
    nothing = Program("", (), (), ())
    found = []
    for item in knowledge.constraints:
        read = [name for test in item.never for leaf in leaves(test) for name in findings_of(leaf)]
        recorder = Recorder(on_the_day_of(case, read, knowledge), {}, nothing)
        checks = [recorder.checked(test) for test in item.never]
        if all(check.holds for check in checks):
            found.append(_contradiction(knowledge, item, checks))
    return sorted(found, key=lambda item: not item.urgent)


def _contradiction(knowledge: KnowledgeBase, item: Constraint, checks: list[Checked]) -> Contradiction:
    findings = tuple(
        dict.fromkeys(leaf.finding for check in checks for leaf in holding_leaves(check) if isinstance(leaf, FINDING_TESTS))
    )
    return Contradiction(
        constraint=item.id,
        findings=findings,
        because=item.because,
        file=item.file,
        line=item.line,
        urgent=not findings_behind(URGENCY, knowledge.rules).isdisjoint(findings),
    )


def holding_leaves(check: Checked) -> Iterator[Leaf]:
    """The leaves that hold, of the branches that hold, left to right."""
    return (item.leaf for item in _holding(check) if item.leaf is not None)


def _holding(check: Checked) -> Iterator[Checked]:
    if check.leaf is not None:
        if check.holds:
            yield check
        return
    for member in check.of:
        if member.holds:
            yield from _holding(member)


def resting_on(trace: Trace, conclusion: str, grade: str) -> set[str]:
    """The conclusions by which the firings for a conclusion at a grade were met."""
    firings = (item for item in trace.firings if any(x.conclusion == conclusion and x.grade == grade for x in item.concluded))
    return {leaf.conclusion for firing in firings for leaf in holding_leaves(firing.when) if isinstance(leaf, Derived)}


def keeping_open(rule: Rule, knowledge: KnowledgeBase, checked: Callable[[Rule], Checked]) -> Iterator[Checked]:
    """What keeps a screen open: the leaves that hold in its rule, with those of the parts it rests on, in order, once each."""
    waiting, met = [_holding(checked(rule))], set[Checked]()
    while waiting:
        check = next(waiting[-1], None)
        if check is None:
            waiting.pop()
        elif check not in met:
            met.add(check)
            if isinstance(check.leaf, Derived) and check.leaf.conclusion in knowledge.part_by_id:
                waiting.append(_holding(checked(knowledge.part_by_id[check.leaf.conclusion])))
            else:
                yield check


def holding_unknowns(rule: Rule, knowledge: KnowledgeBase, checked: Callable[[Rule], Checked]) -> tuple[str, ...]:
    """The unanswered questions that keep a screen open, in order and once each."""
    found = (check.leaf.finding for check in keeping_open(rule, knowledge, checked) if isinstance(check.leaf, Unknown))
    return tuple(dict.fromkeys(found))
