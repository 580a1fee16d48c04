from __future__ import annotations

from collections.abc import Iterator

import pytest
from brute import small
from hypothesis import given, settings
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.explain.assessment import Assessment
from sijoint.explain.justification import Justification, NotDerivedError, Reason
from sijoint.knowledge.conditions import Absent, Present, Unknown
from sijoint.knowledge.language import KnowledgeBase


def _assessed(knowledge: KnowledgeBase, findings: dict[str, object]) -> Assessment:
    return Assessment(Engine(knowledge, ("compiled", "reference")), read_case({"findings": findings}, knowledge))


def _reasons(proof: Justification) -> Iterator[Reason]:
    for rule in proof.rules:
        for reason in (rule.when, *rule.unless):
            yield from _below(reason)


def _below(reason: Reason) -> Iterator[Reason]:
    yield reason
    for part in reason.of:
        yield from _below(part)
    if reason.proof:
        yield from _reasons(reason.proof)


@given(small(later=True))
@settings(max_examples=60)
def test_every_proof_ends_in_facts_of_the_case(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = Assessment(Engine(knowledge, ("compiled", "reference")), case)
    for item in assessment.conclusions:
        for reason in _reasons(assessment.why(item.id)):
            if reason.ground in ("finding", "absence"):
                assert reason.leaf is not None
                assert reason.value == case.values.get(reason.leaf.finding)
            match reason.leaf:
                case Present(finding=name):
                    assert case.values[name] is True
                case Absent(finding=name):
                    assert case.values[name] is False
                case Unknown(finding=name):
                    assert name not in case.values


@given(small())
@settings(max_examples=60)
def test_shows_a_conclusion_once_and_then_as_above(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = Assessment(Engine(knowledge, ("compiled", "reference")), case)
    for item in assessment.conclusions:
        proof = assessment.why(item.id)
        whole = [proof, *(reason.proof for reason in _reasons(proof) if reason.proof)]
        opened = [part.conclusion for part in whole if not part.seen]
        assert len(opened) == len(set(opened))
        assert {part.conclusion for part in whole if part.seen} <= set(opened)


@given(small())
@settings(max_examples=40)
def test_depth_folds_what_lies_deeper(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = Assessment(Engine(knowledge, ("compiled", "reference")), case)
    for item in assessment.conclusions:
        shallow = assessment.why(item.id, depth=1)
        inner = [reason.proof for reason in _reasons(shallow) if reason.proof]
        assert all(part.folded and not part.rules for part in inner)
        assert not any(part.folded for part in [reason.proof for reason in _reasons(assessment.why(item.id)) if reason.proof])


def test_a_count_lists_what_holds_and_apart_what_does_not(knowledge: KnowledgeBase) -> None:
    counted = 0
    assessment = _assessed(
        knowledge, {"one_sided_pain": True, "dimple_pain": True, "worse_rolling_in_bed": True, "sharp_pain": True}
    )
    for item in assessment.conclusions:
        for reason in _reasons(assessment.why(item.id)):
            if reason.test == "at_least":
                counted += 1
                assert reason.k is not None
                assert len(reason.of) >= reason.k
            else:
                assert reason.unmet == ()
    assert counted


def test_what_was_not_derived_has_a_tree_of_its_own(knowledge: KnowledgeBase) -> None:
    asked = (knowledge.finding_by_id[item] for screen in knowledge.screens for item in screen.ask)
    answers = {item.id: False if item.type == "yes_no" else 40 for item in asked}
    assessment = _assessed(knowledge, answers | {"one_sided_pain": True, "dimple_pain": True, "worse_rolling_in_bed": True})
    negations = [
        reason
        for item in assessment.conclusions
        for reason in _reasons(assessment.why(item.id))
        if reason.ground == "not_derived"
    ]
    assert negations
    assert all(reason.why_not is not None for reason in negations)
    bare = [reason for item in assessment.conclusions for reason in _reasons(assessment.why(item.id, absences=0))]
    assert all(reason.why_not is None for reason in bare)


def test_what_was_not_derived_has_no_proof(knowledge: KnowledgeBase) -> None:
    with pytest.raises(NotDerivedError, match="was not derived"):
        _assessed(knowledge, {}).why("instability")
