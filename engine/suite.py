"""The cases beside the rules: run each on an engine and compare with what is expected of it.

In: `KnowledgeBase` and `Engine`. Out: problems, none when every case does what it says, and which rules and constraints have
a case and a near miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..knowledge.errors import CaseError, Problem, nearest
from ..knowledge.language import KnowledgeBase, NearMiss, PackCase
from .case import Case
from .case_reader import read_case
from .infer import Engine
from .moments import moments_of
from .program import Outcome
from .trace import find_contradictions


@dataclass
class Suite:
    """What running the cases showed."""

    knowledge: KnowledgeBase
    engine: Engine
    problems: list[Problem] = field(default_factory=list)
    fired: set[str] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def refuse(self, item: PackCase, what: str, fix: str) -> None:
        """Record a case that does not do what it says."""
        why = "the rules do not do what their author expects"
        problem = Problem(item.file, item.line, f"case {item.case}", what, why, fix, "K020")
        if problem not in self.problems:
            self.problems.append(problem)

    def outcome(self, case: Case) -> Outcome:
        """The outcome of a case at its last moment."""
        return self.engine.infer_moments(case)[-1].outcome

    def case(self, item: PackCase, change: Mapping[str, Any]) -> Case | None:
        """The case with some findings changed; None after a problem."""
        raw = {"case": item.case, "as_of": item.as_of, "findings": _changed(item.findings, change), "steps": list(item.steps)}
        try:
            return read_case({key: value for key, value in raw.items() if value is not None}, self.knowledge)
        except CaseError as error:
            for problem in error.problems:
                self.refuse(item, f"{problem.item}: {problem.what}", problem.fix)
            return None


def run_suite(knowledge: KnowledgeBase, engine: Engine, after_each: Callable[[], None] = lambda: None) -> Suite:
    """Run every case and every near miss beside the rules; `after_each` is called when a case is done."""
    suite = Suite(knowledge, engine)
    for item in knowledge.cases:
        case = suite.case(item, {})
        if case is not None:
            _compare(suite, item, suite.outcome(case))
            _compare_contradictions(suite, item, case)
            for number, miss in enumerate(item.near_misses, 1):
                _compare_miss(suite, item, miss, number)
        after_each()
    suite.problems += _unshown_rules(suite)
    suite.problems += _unshown_constraints(suite)
    return suite


def _unshown_rules(suite: Suite) -> Iterator[Problem]:
    """K021: rules without a case or a near miss."""
    knowledge = suite.knowledge
    for rule in sorted({rule.id for rule in knowledge.shown_rules}):
        for kind, seen in (("case in which it fires", suite.fired), ("near miss", suite.missed)):
            if rule not in seen and not _twin_of(rule, seen):
                owner = knowledge.rule_by_id[rule]
                why, fix = "nothing shows what it does", "add one to the cases beside it"
                yield Problem(owner.file, owner.line, f"rule {rule}", f"no {kind}", why, fix, "K021")


def _unshown_constraints(suite: Suite) -> Iterator[Problem]:
    """K060: constraints without a case that breaks them, or without a near miss that keeps them."""
    for item in suite.knowledge.constraints:
        for kind, seen in (("case that breaks it", suite.broken), ("near miss that keeps it", suite.kept)):
            if item.id not in seen:
                why, fix = "nothing shows what it forbids", f"add a case with contradicts: [{item.id}] and near misses"
                yield Problem(item.file, item.line, f"constraint {item.id}", f"no {kind}", why, fix, "K060")


def contradicted(suite: Suite, case: Case) -> frozenset[str]:
    """The constraints that the answers of a case break at its last moment."""
    return frozenset(item.constraint for item in find_contradictions(suite.knowledge, moments_of(case, suite.knowledge)[-1]))


def _compare_contradictions(suite: Suite, item: PackCase, case: Case) -> None:
    if item.contradicts is None:
        return
    broken, expected = contradicted(suite, case), frozenset(item.contradicts)
    for name in sorted(expected - broken):
        known = {each.id for each in suite.knowledge.constraints}
        fix = "correct the case or the constraint" if name in known else nearest(name, known)
        suite.refuse(item, f"constraint {name} is kept, expected to be broken", fix)
    for name in sorted(broken - expected):
        suite.refuse(item, f"constraint {name} is broken, expected to be kept", "correct the case or the constraint")
    suite.broken |= broken & expected


def _twin_of(rule: str, seen: set[str]) -> bool:
    """A sided rule is shown by a case of either side."""
    base, dot, _ = rule.partition(".")
    return bool(dot) and (f"{base}.left" in seen or f"{base}.right" in seen)


def _changed(findings: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Findings with some replaced; `a.left` replaces one side inside a mapping of sides."""
    found = {key: dict(value) if isinstance(value, Mapping) else value for key, value in findings.items()}
    for key, value in change.items():
        base, _, side = key.partition(".")
        if side and isinstance(found.get(base), dict):
            found[base][side] = value
        else:
            found[key] = value
    return found


def rule_ids(suite: Suite, item: PackCase, names: Iterable[str]) -> list[str]:
    """The ids that the names of a case mean: rules of its pack, the left one of a sided rule named without a side."""
    found = []
    for name in names:
        ids = [
            key
            for key in (f"{item.pack}/{name}", f"{item.pack}/{name}.left", f"{item.pack}/{name}.right")
            if key in suite.knowledge.rule_by_id
        ]
        if not ids:
            suite.refuse(
                item, f"unknown rule {name}", nearest(name, (key.partition("/")[2] for key in suite.knowledge.rule_by_id))
            )
        found += ids[:1]
    return found


def _compare(suite: Suite, item: PackCase, outcome: Outcome) -> None:
    expected = rule_ids(suite, item, item.fires)
    for rule in expected:
        if rule not in outcome.fired:
            suite.refuse(item, f"{rule} stays silent, expected to fire", "correct the case or the rule")
    suite.fired |= outcome.fired & set(expected)
    for rule in rule_ids(suite, item, item.silent):
        if rule in outcome.fired:
            suite.refuse(item, f"{rule} fires, expected to stay silent", "correct the case or the rule")
    grades = outcome.grade
    for name, grade in item.then.items():
        if grades.get(name) != grade:
            suite.refuse(item, f"{name} is {grades.get(name, 'not derived')}, expected {grade}", "correct the case or the rule")
    for name in (name for name in item.never if name in grades):
        suite.refuse(item, f"{name} is derived, expected not to be", "correct the case or the rule")
    for name in (*item.then, *item.never):
        if name not in suite.knowledge.conclusion_by_id:
            suite.refuse(item, f"unknown conclusion {name}", nearest(name, suite.knowledge.conclusion_by_id))
    if not (item.fires or item.silent or item.then or item.never or item.contradicts is not None):
        suite.refuse(item, "nothing is expected of it", "add fires, silent, then, never or contradicts")


def _compare_miss(suite: Suite, item: PackCase, miss: NearMiss, number: int) -> None:
    case = suite.case(item, miss.change)
    if case is None:
        return
    outcome, broken = suite.outcome(case), contradicted(suite, case) if item.contradicts else frozenset()
    suite.kept |= frozenset(item.contradicts or ()) - broken
    if item.contradicts and broken.issuperset(item.contradicts):
        suite.refuse(item, f"its answers still contradict one another in near miss {number}", "change the answer that decides it")
    for rule in rule_ids(suite, item, miss.silent or item.fires):
        if rule in outcome.fired:
            suite.refuse(item, f"{rule} still fires in near miss {number}", "change the condition that decides it")
        elif len(miss.change) == 1:
            suite.missed.add(rule)
        else:
            suite.refuse(item, f"near miss {number} changes {len(miss.change)} findings", "change exactly one")
