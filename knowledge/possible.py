"""What a condition needs: for every finding and conclusion the values with which it can still hold. Sound, not complete.

In: conditions and the rules behind them. Out: `Needs`, or None where nothing fits, followed through whole chains of rules.
Nothing is called impossible that some patient could show; the solver of `sijoint prove` decides the rest exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from .conditions import All, AnyOf, AtLeast, Condition, Derived, Earlier, FindingTest, NotDerived, NotEarlier
from .graph import strata_of
from .invariants import NoNegationError, negated
from .language import Finding, KnowledgeBase, Rule
from .regions import Value, passes, regions

Needs = Mapping[str, frozenset[Value]]
"""Allowed values by key: a finding's own values, None for unknown; a conclusion's ranks, -1 for not derived.

All values of one key are of one type, so that yes is never met with the number 1 or a choice of that name.
"""

NOTHING_NEEDED: Needs = {}


class Possible:
    """Answers for one knowledge base what conditions and rules need."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.knowledge = knowledge
        self.values = {key: frozenset(found) for key, found in regions(knowledge).items()}
        self._tests: dict[FindingTest, Needs | None] = {}
        self.rules: dict[str, Needs | None] = {}
        self.grades: dict[tuple[str, int], Needs | None] = {}
        for rule in (rule for stratum in strata_of(knowledge.rules) for rule in stratum):
            self.rules[rule.id] = self.of_rule(rule)

    def of_rule(self, rule: Rule) -> Needs | None:
        """What a rule needs to fire."""
        return self.of_all((rule.when, *rule.blockers))

    def of(self, condition: Condition) -> Needs | None:
        """What a condition needs to hold; None when it never can."""
        match condition:
            case All(of=members):
                return self.of_all(members)
            case AnyOf(of=members):
                return _either(self.of(member) for member in members)
            case AtLeast(k=k, of=members):
                possible = [needs for needs in map(self.of, members) if needs is not None]
                if len(possible) < k:
                    return None
                return self.meet(possible) if len(possible) == k else NOTHING_NEEDED if k > 1 else _either(possible)
            case Derived(conclusion=name, grade=grade):
                return self.of_grade(name, self.knowledge.conclusion_by_id[name].rank(grade))
            case NotDerived(conclusion=name, grade=grade):
                return {name: frozenset(range(-1, self.knowledge.conclusion_by_id[name].rank(grade)))}
            case Earlier() | NotEarlier():
                return NOTHING_NEEDED
            case _:
                if condition not in self._tests:
                    passing = (value for value in self.values[condition.finding] if passes(condition, value))
                    self._tests[condition] = {condition.finding: found} if (found := frozenset(passing)) else None
                return self._tests[condition]

    def of_all(self, conditions: Iterable[Condition]) -> Needs | None:
        """What several conditions need together."""
        found: list[Needs] = []
        for condition in conditions:
            needs = self.of(condition)
            if needs is None:
                return None
            found.append(needs)
        return self.meet(found)

    def of_grade(self, name: str, rank: int) -> Needs | None:
        """What a conclusion at a rank or above needs: what all rules that give it share."""
        if (name, rank) not in self.grades:
            item = self.knowledge.conclusion_by_id[name]
            giving = [
                rule
                for rule in self.knowledge.rules_for[name]
                if any(part.conclusion == name and item.rank(part.grade) >= rank for part in rule.then)
            ]
            shared = _either(self.rules.get(rule.id, NOTHING_NEEDED) for rule in giving)
            at_least: Needs = {name: frozenset(range(rank, len(item.grades)))}
            self.grades[name, rank] = None if shared is None else self.meet([shared, at_least])
        return self.grades[name, rank]

    def meet(self, several: Iterable[Needs]) -> Needs | None:
        """What all of several need together; None when they exclude each other."""
        found: dict[str, frozenset[Value]] = {}
        for needs in several:
            for key, values in needs.items():
                found[key] = found[key] & values if key in found else values
                if not found[key]:
                    return None
        return found

    def always(self, condition: Condition) -> bool:
        """Whether a condition is sure to hold."""
        return self.failing(condition) is None

    def failing(self, condition: Condition) -> Needs | None:
        """What a condition needs not to hold; None when it always does, nothing where that cannot be said."""
        try:
            return self.of(negated(condition, self.unsided))
        except NoNegationError:
            return NOTHING_NEEDED

    @cached_property
    def unsided(self) -> dict[str, Finding]:
        """Findings by id without their side."""
        return {item.base: item for item in self.knowledge.findings}


def exclude(one: Needs | None, other: Needs | None) -> bool:
    """Whether two needs cannot be met together."""
    if one is None or other is None:
        return True
    few, many = sorted((one, other), key=len)
    return any(key in many and values.isdisjoint(many[key]) for key, values in few.items())


def _either(several: Iterable[Needs | None]) -> Needs | None:
    """What is needed whichever of several holds; None when none can."""
    possible = [needs for needs in several if needs is not None]
    if not possible:
        return None
    shared = set(possible[0]).intersection(*possible[1:])
    return {key: frozenset[Value]().union(*(needs[key] for needs in possible)) for key in sorted(shared)}


def _unsided(knowledge: KnowledgeBase) -> dict[str, Finding]:
    return {item.base: item for item in knowledge.findings}
