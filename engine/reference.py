"""The reference: what a rule base means, conclusion by conclusion. The definition and the oracle; it shares no code with the
other evaluators.

In: `KnowledgeBase` and `Case`. Out: `Outcome`. A rule fires when its `when` holds and nothing that blocks it was derived; a
conclusion has the strongest grade of the rules that fire for it. A conclusion is decided after every one that it rests on, so
that no chain of rules is too long.
"""

from __future__ import annotations

from datetime import datetime

from ..knowledge.conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    Known,
    Later,
    NotDerived,
    NumberTest,
    Present,
    Unknown,
)
from ..knowledge.language import KnowledgeBase, Rule, in_order
from .case import Case
from .program import Outcome


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
            case _:
                return self.is_so(condition)

    def is_so(self, test: Present | Absent | Unknown | Known | NumberTest | ChoiceTest) -> bool:
        """Whether a test of one recorded value holds."""
        if test.finding not in self.case.values:
            return isinstance(test, Unknown)
        value = self.case.values[test.finding]
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

    def is_later(self, test: Later) -> bool:
        """Whether a signed and dated work-up came after every symptom that is not recorded as absent."""
        recorded = self.case.recorded
        work_up = recorded.get(test.finding)
        if not (work_up and work_up.value is True and work_up.recorded_by and work_up.recorded_on):
            return False
        for symptom in (recorded[key] for key in test.than if key in recorded):
            if symptom.value is False:
                continue
            if symptom.recorded_on is None:
                return False
            timed = isinstance(symptom.recorded_on, datetime) and isinstance(work_up.recorded_on, datetime)
            one, other = (
                moment.replace(tzinfo=None).isoformat(timespec="microseconds")
                if timed and isinstance(moment, datetime)
                else moment.isoformat()[:10]
                for moment in (work_up.recorded_on, symptom.recorded_on)
            )
            if one <= other:
                return False
        return True


def evaluate(knowledge: KnowledgeBase, case: Case) -> Outcome:
    """The outcome of one case, by definition."""
    reference = Reference(knowledge, case)
    fired = frozenset(rule.id for rule in knowledge.rules if reference.fires(rule))
    ranks = [(item, reference.rank(item.id)) for item in knowledge.conclusions]
    grades = tuple((item.id, item.grades[rank]) for item, rank in ranks if rank >= 0)
    return Outcome(fired, grades)
