"""The reference: what a rule base means, conclusion by conclusion. The definition and the oracle; it shares no code with the
other evaluators.

In: `KnowledgeBase` and `Case`. Out: `Outcome`. A rule fires when its `when` holds and nothing that blocks it was derived; a
conclusion has the strongest grade of the rules that fire for it. A conclusion is decided after every one that it rests on, so
that no chain of rules is too long.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from ..knowledge.conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    Earlier,
    Known,
    Later,
    NotDerived,
    NotEarlier,
    NumberTest,
    Present,
    Unknown,
)
from ..knowledge.language import KnowledgeBase, Rule, in_order
from .case import Case, Value
from .program import Outcome

EASTMOST, WESTMOST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


class Reference:
    """One case under one knowledge base; every question about it has one answer."""

    def __init__(self, knowledge: KnowledgeBase, case: Case) -> None:
        self.knowledge, self.case = knowledge, case
        self._ranks: dict[str, int] = {}
        self._fires: dict[str, bool] = {}

    def fires(self, rule: Rule) -> bool:
        """Whether a rule fires."""
        if rule.id not in self._fires:
            self._fires[rule.id] = self.holds(rule.when) and all(self.holds(item) for item in rule.blockers)
        return self._fires[rule.id]

    def rank(self, conclusion: str) -> int:
        """The strongest grade derived, as a position; -1 for not derived."""
        for name in in_order(conclusion, self.knowledge.rests_on, self._ranks):
            self._ranks[name] = self.strongest(name)
        return self._ranks[conclusion]

    def strongest(self, conclusion: str) -> int:
        """The strongest grade that a rule gives, as a position, once all that its rules rest on was decided."""
        grades = self.knowledge.conclusion_by_id[conclusion].grades
        firing = (rule for rule in self.knowledge.rules_for[conclusion] if self.fires(rule))
        granted = (grades.index(item.grade) for rule in firing for item in rule.then if item.conclusion == conclusion)
        return max(granted, default=-1)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds: the meaning of the knowledge language."""
        match condition:
            case All(of=members):
                return all(self.holds(member) for member in members)
            case AnyOf(of=members):
                return any(self.holds(member) for member in members)
            case AtLeast(k=k, of=members):
                return sum([self.holds(member) for member in members]) >= k
            case Derived(conclusion=conclusion, grade=grade):
                return self.rank(conclusion) >= self.knowledge.conclusion_by_id[conclusion].grades.index(grade)
            case NotDerived(conclusion=conclusion, grade=grade):
                return self.rank(conclusion) < self.knowledge.conclusion_by_id[conclusion].grades.index(grade)
            case Later():
                return self.is_later(condition)
            case Earlier() | NotEarlier():
                return self.was_derived(condition) is isinstance(condition, Earlier)
            case _:
                return self.is_so(condition)

    def is_so(self, test: Present | Absent | Unknown | Known | NumberTest | ChoiceTest) -> bool:
        """Whether a test of one finding holds as it stands."""
        if test.finding not in self.case.values:
            return isinstance(test, Unknown)
        return self.meets(test, self.case.values[test.finding])

    def meets(self, test: Present | Absent | Unknown | Known | NumberTest | ChoiceTest, value: Value) -> bool:
        """Whether a known value passes a test."""
        match test:
            case Present() | Absent():
                return value is isinstance(test, Present)
            case NumberTest(comparison=comparison, value=bound):
                below, above = value < bound, value > bound  # type: ignore[operator]
                passed = {"over": above, "at_least": not below, "under": below, "at_most": not above}
                return passed.get(comparison, not below and not above)
            case ChoiceTest(choices=choices):
                return value in choices
            case _:
                return isinstance(test, Known)

    def was_derived(self, test: Earlier | NotEarlier) -> bool:
        """Whether a conclusion was derived, at a grade that counts, at an earlier moment."""
        grades = self.knowledge.conclusion_by_id[test.conclusion].grades
        earlier = self.case.earlier_grades.get(test.conclusion)
        return earlier is not None and grades.index(earlier) >= grades.index(test.grade)

    def is_later(self, test: Later) -> bool:
        """Whether a signed and dated work-up came after every answer, now or at an earlier moment, that counts for it."""
        work_up = self.case.recorded.get(test.finding)
        if not (work_up and work_up.value is True and work_up.recorded_by and work_up.recorded_on):
            return False
        soonest = min(readings(work_up.recorded_on))
        for symptom in test.than:
            name = symptom.finding
            given = list(self.case.earlier_answers.get(name, ()))
            given += [self.case.recorded[name]] if name in self.case.recorded else []
            for answer in given:
                if not self.meets(symptom, answer.value):
                    continue
                if answer.dated is None or max(readings(answer.dated)) >= soonest:
                    return False
        return True


def readings(moment: date) -> tuple[datetime, datetime]:
    """The two furthest instants that a date or time may mean: read where the day begins first, and where it ends last."""
    if not isinstance(moment, datetime):
        day = datetime(moment.year, moment.month, moment.day)
        return day.replace(tzinfo=EASTMOST), day.replace(hour=23, minute=59, second=59, microsecond=999_999, tzinfo=WESTMOST)
    if moment.utcoffset() is None:
        return moment.replace(tzinfo=EASTMOST), moment.replace(tzinfo=WESTMOST)
    zone = timezone(moment.utcoffset() or timedelta())
    return (moment.replace(tzinfo=zone),) * 2


def evaluate(knowledge: KnowledgeBase, case: Case) -> Outcome:
    """The outcome of one case, by definition."""
    reference = Reference(knowledge, case)
    fired = frozenset(rule.id for rule in knowledge.rules if reference.fires(rule))
    ranks = [(item, reference.rank(item.id)) for item in knowledge.conclusions]
    grades = tuple((item.id, item.grades[rank]) for item, rank in ranks if rank >= 0)
    return Outcome(fired, grades)
