from __future__ import annotations

import pytest
from brute import small
from hypothesis import given, settings
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.engine.reference import Reference
from sijoint.explain.assessment import Assessment
from sijoint.explain.counterfactual import AskedError
from sijoint.explain.why_not import DerivedError, RuleDistance, Unmet, WhyNot
from sijoint.knowledge.conditions import BRANCHES, Condition
from sijoint.knowledge.language import KnowledgeBase


def _assessed(knowledge: KnowledgeBase, findings: dict[str, object]) -> Assessment:
    return Assessment(Engine(knowledge, ("compiled", "reference")), read_case({"findings": findings}, knowledge))


def _away(reference: Reference, condition: Condition) -> int:
    if reference.holds(condition):
        return 0
    if not isinstance(condition, BRANCHES):
        return 1
    members = [_away(reference, member) for member in condition.of]
    if condition.test == "all":
        return sum(members)
    return min(members) if condition.test == "any" else condition.k - members.count(0)


@given(small(later=True))
@settings(max_examples=60)
def test_every_rule_is_listed_nearest_first_with_its_distance(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment, reference = Assessment(Engine(knowledge, ("compiled", "reference")), case), Reference(knowledge, case)
    for item in knowledge.conclusions:
        if item.id in assessment:
            continue
        tree = assessment.why_not(item.id)
        expected = {}
        for rule in knowledge.rules_for[item.id]:
            expected[rule.id] = _away(reference, rule.when) + sum(not reference.holds(part) for part in rule.blockers)
        assert {rule.rule: rule.distance for rule in tree.rules} == expected
        assert [rule.distance for rule in tree.rules] == sorted(expected.values())


def _leaves(item: Unmet) -> list[Unmet]:
    return [item] if item.leaf else [leaf for part in item.of for leaf in _leaves(part)]


def _missing(rule: RuleDistance) -> list[Unmet]:
    return (_leaves(rule.when) if rule.when else []) + list(rule.blocked)


@given(small())
@settings(max_examples=60)
def test_each_missing_leaf_has_its_kind(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = Assessment(Engine(knowledge, ("compiled", "reference")), case)
    for item in knowledge.conclusions:
        if item.id in assessment:
            continue
        for leaf in (leaf for rule in assessment.why_not(item.id).rules for leaf in _missing(rule)):
            if leaf.kind == "unknown":
                assert leaf.leaf.finding not in case.values
            elif leaf.kind == "known_false":
                assert leaf.leaf.finding in case.values
            elif leaf.kind == "too_low":
                assert assessment.grades[leaf.leaf.conclusion] == leaf.grade
            else:
                assert (leaf.leaf.conclusion in assessment) is (leaf.kind == "blocked")


def test_what_was_not_asked_stands_before_what_was_denied(knowledge: KnowledgeBase) -> None:
    tree = _assessed(knowledge, {"saddle_numbness": False}).why_not("suspected_cauda_equina")
    kinds = [leaf.kind for rule in _all_rules(tree) for part in ([rule.when] if rule.when else []) for leaf in part.of]
    assert {"unknown", "known_false"} <= set(_kinds(tree))
    for rule in _all_rules(tree):
        if rule.when is not None:
            of = [part.kind == "unknown" for part in rule.when.of]
            assert of == sorted(of, reverse=True)
    assert kinds


def _all_rules(tree: WhyNot) -> list[RuleDistance]:
    found = list(tree.rules)
    for rule in tree.rules:
        for leaf in _missing(rule):
            if leaf.below:
                found += _all_rules(leaf.below)
    return found


def _kinds(tree: WhyNot) -> list[str]:
    return [leaf.kind for rule in _all_rules(tree) for leaf in _missing(rule)]


def test_names_what_blocks(knowledge: KnowledgeBase) -> None:
    gated = next(rule for rule in knowledge.rules if rule.gates)
    tree = _assessed(knowledge, {"saddle_numbness": True}).why_not(gated.then[0].conclusion)
    assert any(part.kind == "blocked" for rule in tree.rules for part in rule.blocked)


def test_explains_a_grade_that_was_not_reached(knowledge: KnowledgeBase) -> None:
    assessment = _assessed(knowledge, {"one_sided_pain": True, "dimple_pain": True, "recent_fall": True})
    lower = [item for item in assessment.conclusions if item.grade != knowledge.conclusion_by_id[item.id].grades[-1]]
    assert lower
    for item in lower:
        tree = assessment.why_not(item.id, knowledge.conclusion_by_id[item.id].grades[-1])
        assert tree.derived == item.grade


def test_refuses_what_was_derived_or_is_not_declared(knowledge: KnowledgeBase) -> None:
    assessment = _assessed(knowledge, {"saddle_numbness": True})
    with pytest.raises(DerivedError, match="ask why"):
        assessment.why_not("disposition")
    with pytest.raises(AskedError, match="unknown conclusion"):
        assessment.why_not("nothing")
