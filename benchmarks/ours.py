"""Neutral rule base <-> `KnowledgeBase` of this library."""

from __future__ import annotations

from typing import Any

from sijoint.knowledge.conditions import (
    BRANCHES,
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
    leaves,
)
from sijoint.knowledge.graph import strata_of
from sijoint.knowledge.language import Conclusion, Consequence, Finding, Kind, KnowledgeBase, Reference, Rule

from benchmarks.bases import CHOICES, VALUES, Base, RuleSpec, Test

OPERATOR = {">": "over", ">=": "at_least", "<": "under", "<=": "at_most", "==": "exactly"}
_PLACE: dict[str, Any] = {"source": ("B",), "pack": "bench", "file": "bench.yaml", "line": 1}


def knowledge_of(base: Base) -> KnowledgeBase:
    """The knowledge base that says what a neutral base says."""
    grades = {name: tuple(f"g{rank}" for rank in range(count)) for name, count in base.conclusions.items()}
    knowledge = KnowledgeBase(
        packs=(),
        kinds=(("plain", Kind()),),
        findings=tuple(_finding(name, values) for name, values in base.findings.items()),
        conclusions=tuple(Conclusion(id=name, kind="plain", grades=levels, **_PLACE) for name, levels in grades.items()),
        parameters=(),
        references=(Reference(id="B", kind="design", pack="bench"),),
        rules=tuple(_rule(rule) for rule in base.rules),
    )
    return knowledge.with_items()


def _finding(name: str, values: tuple[Any, ...]) -> Finding:
    kind = next(kind for kind, some in VALUES.items() if some == values)
    content: dict[str, Any] = {"id": name, "type": kind, "obtained_by": "history", **_PLACE}
    if kind == "number":
        content |= {"unit": "days", "range": (0, 100)}
    if kind == "choice":
        content["choices"] = CHOICES
    return Finding(**content)


def _rule(rule: RuleSpec) -> Rule:
    return Rule(
        id=rule.id,
        title=rule.id,
        when=condition_of(rule.when),
        unless=tuple(NotDerived(conclusion=name, grade=f"g{rank}") for name, rank in rule.unless),
        then=tuple(Consequence(conclusion=name, grade=f"g{rank}") for name, rank in rule.then),
        **_PLACE,
    )


def condition_of(test: Test) -> Condition:
    """A neutral condition as a model."""
    kind = test[0]
    if kind in ("all", "any", "at_least"):
        members = tuple(condition_of(member) for member in test[-1])
        return All(of=members) if kind == "all" else AnyOf(of=members) if kind == "any" else AtLeast(k=test[1], of=members)
    if kind == "derived":
        return Derived(conclusion=test[1], grade=f"g{test[2]}")
    if kind == "not_derived":
        return NotDerived(conclusion=test[1], grade=f"g{test[2]}")
    if kind == "number":
        return NumberTest(finding=test[1], comparison=OPERATOR[test[2]], value=test[3])
    if kind == "choice":
        return ChoiceTest(finding=test[1], choices=test[2])
    return {"present": Present, "absent": Absent, "unknown": Unknown, "known": Known}[kind](finding=test[1])


def base_of(knowledge: KnowledgeBase) -> Base:
    """The neutral base that says what a knowledge base says for cases without dates: `later` never holds."""
    rank = {(item.id, grade): number for item in knowledge.conclusions for number, grade in enumerate(item.grades)}
    rules = [
        RuleSpec(
            rule.id,
            _test_of(rule.when, rank),
            tuple((item.conclusion, rank[item.conclusion, item.grade]) for item in rule.blockers),
            tuple((item.conclusion, rank[item.conclusion, item.grade]) for item in rule.then),
            stratum,
        )
        for stratum, layer in enumerate(strata_of(knowledge.rules))
        for rule in layer
    ]
    findings = {item.id: _values(item, knowledge) for item in knowledge.findings}
    return Base(findings, {item.id: len(item.grades) for item in knowledge.conclusions}, tuple(rules))


def _values(item: Finding, knowledge: KnowledgeBase) -> tuple[Any, ...]:
    """The choices, yes and no, or for a number the ends of its range and every bound that a rule tests."""
    if item.type != "number":
        return item.choices or VALUES["yes_no"]
    tests = (leaf for rule in knowledge.rules for leaf in leaves(rule.when) if isinstance(leaf, NumberTest))
    return tuple(sorted({*(item.range or ()), *(test.value for test in tests if test.finding == item.id)}))


def _test_of(condition: Condition, rank: dict[tuple[str, str], int]) -> Test:
    if isinstance(condition, BRANCHES):
        members = tuple(_test_of(member, rank) for member in condition.of)
        return ("at_least", condition.k, members) if isinstance(condition, AtLeast) else (condition.test, members)
    match condition:
        case Derived(conclusion=name, grade=grade):
            return ("derived", name, rank[name, grade])
        case NotDerived(conclusion=name, grade=grade):
            return ("not_derived", name, rank[name, grade])
        case NumberTest(finding=finding, comparison=comparison, value=bound):
            operator = next(sign for sign, name in OPERATOR.items() if name == comparison)
            return ("number", finding, operator, bound)
        case ChoiceTest(finding=finding, choices=choices):
            return ("choice", finding, choices)
        case Later():
            return ("any", ())
        case _:
            return (condition.test, condition.finding)
