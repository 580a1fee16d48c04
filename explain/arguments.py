"""Arguments: for each candidate cause what speaks for it, what against it, and what is unconfirmed.

In: knowledge, a case, its grades. Out: one `Ledger` per conclusion of a kind with candidates. An item is a finding with the
rules that read it, directly or through the conclusions they rest on; what holds in a conclusion that blocks a rule speaks
against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ConfigDict

from ..engine.case import Case, Value
from ..engine.reference import Reference
from ..engine.unshown import Unshown
from ..knowledge.conditions import FINDING_TESTS, Derived, FindingTest, Later, Unknown, leaves
from ..knowledge.language import KnowledgeBase

FROZEN = ConfigDict(frozen=True, extra="forbid")


class Argument(Unshown):
    """A finding that rules read for a conclusion: its value, the tests made of it and the rules that make them."""

    model_config = FROZEN
    shown = ("finding",)
    finding: str
    value: Value | None
    tests: tuple[FindingTest, ...]
    rules: tuple[str, ...]


class Ledger(Unshown):
    """What stands for, against and unconfirmed of one candidate."""

    model_config = FROZEN
    shown = ("conclusion",)
    conclusion: str
    kind: str
    grade: str | None
    supports: tuple[Argument, ...]
    against: tuple[Argument, ...]
    unconfirmed: tuple[Argument, ...]


Reads = dict[FindingTest, dict[str, None]]


def arguments(knowledge: KnowledgeBase, case: Case, grades: Mapping[str, str]) -> tuple[Ledger, ...]:
    """The ledger of every candidate, in the order of the knowledge."""
    reference = Reference(knowledge, case)
    kinds = {name for name, kind in knowledge.kinds if kind.candidates}
    candidates = [item for item in knowledge.declared if item.kind in kinds]
    return tuple(_ledger(knowledge, case, reference, item.id, item.kind, grades.get(item.id)) for item in candidates)


def _ledger(knowledge: KnowledgeBase, case: Case, reference: Reference, conclusion: str, kind: str, grade: str | None) -> Ledger:
    reads, blocking = reads_of(knowledge, conclusion), _blocking(knowledge, reference, conclusion)
    tests = [test for test in reads if not isinstance(test, Unknown)]
    holding = [test for test in tests if reference.holds(test)]
    spoken = {test.finding for test in holding}
    failing = [test for test in tests if test.finding in case.values and test.finding not in spoken]
    against = {test: reads[test] for test in failing} | blocking
    unconfirmed = [test for test in tests if test.finding not in case.values and test.finding not in spoken]
    return Ledger(
        conclusion=conclusion,
        kind=kind,
        grade=grade,
        supports=tuple(_by_finding({test: reads[test] for test in holding}, case)),
        against=tuple(_by_finding(against, case)),
        unconfirmed=tuple(_by_finding({test: reads[test] for test in unconfirmed}, case)),
    )


def _by_finding(reads: Reads, case: Case) -> Iterator[Argument]:
    findings = dict.fromkeys(test.finding for test in reads)
    for name in findings:
        tests = tuple(test for test in reads if test.finding == name)
        rules = tuple(dict.fromkeys(rule for test in tests for rule in reads[test]))
        yield Argument(finding=name, value=case.values.get(name), tests=tests, rules=rules)


def reads_of(knowledge: KnowledgeBase, conclusion: str) -> Reads:
    """The tests of findings in the rules for a conclusion and for what they rest on, each with the rules that make it."""
    found: Reads = {}
    seen, waiting = {conclusion}, [conclusion]
    while waiting:
        for rule in knowledge.rules_for[waiting.pop(0)]:
            for leaf in leaves(rule.when):
                if isinstance(leaf, Derived):
                    waiting += [leaf.conclusion] if leaf.conclusion not in seen else []
                    seen.add(leaf.conclusion)
                elif isinstance(leaf, FINDING_TESTS):
                    found.setdefault(leaf, {})[rule.id] = None
    return found


def _blocking(knowledge: KnowledgeBase, reference: Reference, conclusion: str) -> Reads:
    """What holds in the conclusions that block the rules for a conclusion as the case stands."""
    found: Reads = {}
    for rule in knowledge.rules_for[conclusion]:
        for blocker in (item for item in rule.blockers if not reference.holds(item)):
            for test in reads_of(knowledge, blocker.conclusion):
                if reference.holds(test) and not isinstance(test, Unknown | Later):
                    found.setdefault(test, {})[rule.id] = None
    return found
