"""A justification proves one conclusion down to findings, absences, unknowns and what was not derived; nothing else ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import EXAMPLES
from hypothesis import given, settings
from sijoint.engine.reference import Reference
from sijoint.explain.justification import Reason, justify
from sijoint.knowledge.conditions import (
    BRANCHES,
    FINDING_TESTS,
    Absent,
    AtLeast,
    Condition,
    Derived,
    Earlier,
    NotDerived,
    NotEarlier,
    Unknown,
)
from strategies import bases_and_cases

from sijoint import Assessment, Case, Engine, Justification, KnowledgeBase, NotDerivedError, assess

Drawn = tuple[KnowledgeBase, list[Case]]

GROUNDS = {
    Absent: "absence",
    Unknown: "unknown",
    Derived: "conclusion",
    NotDerived: "not_derived",
    Earlier: "earlier",
    NotEarlier: "earlier",
}


def check_proof(proof: Justification, reference: Reference, proved: set[str]) -> None:
    """Every rule that fired for the conclusion is there, strongest first, and each of its conditions is met as stated."""
    declared = reference.knowledge.conclusion_by_id[proof.conclusion]
    assert proof.grade == declared.grades[reference.rank(proof.conclusion)]
    if proof.seen:
        assert proof.conclusion in proved
        assert proof.rules == ()
        return
    proved.add(proof.conclusion)
    firing = {rule.id for rule in reference.knowledge.rules_for[proof.conclusion] if reference.fires(rule)}
    assert {item.rule for item in proof.rules} == firing
    ranks = [declared.rank(item.grade) for item in proof.rules]
    assert ranks == sorted(ranks, reverse=True)
    assert proof.rules[0].grade == proof.grade
    for item in proof.rules:
        rule = reference.knowledge.rule_by_id[item.rule]
        assert (item.file, item.line, item.source, item.interpretation) == (
            rule.file,
            rule.line,
            rule.source,
            rule.interpretation,
        )
        check_reason(item.when, rule.when, reference, proved)
        for reason, blocker in zip(item.unless, rule.blockers, strict=True):
            check_reason(reason, blocker, reference, proved)


def check_reason(reason: Reason, condition: Condition, reference: Reference, proved: set[str]) -> None:
    """A reason is the condition with all of its members that hold; a leaf holds and rests on what was recorded."""
    assert reference.holds(condition)
    if not isinstance(condition, BRANCHES):
        check_leaf(reason, condition, reference, proved)
        return
    assert (reason.ground, reason.test, reason.leaf) == ("branch", condition.test, None)
    holding = [member for member in condition.of if reference.holds(member)]
    assert len(reason.of) == len(holding)
    if isinstance(condition, AtLeast):
        assert reason.k == condition.k <= len(holding)
        assert len(reason.unmet) <= len(condition.of) - len(holding)
    for part, member in zip(reason.of, holding, strict=True):
        check_reason(part, member, reference, proved)


def check_leaf(reason: Reason, leaf: Condition, reference: Reference, proved: set[str]) -> None:
    assert reason.leaf == leaf
    assert reason.of == ()
    assert reason.ground == GROUNDS.get(type(leaf), "finding")
    if isinstance(leaf, FINDING_TESTS):
        assert reason.value == reference.case.values.get(leaf.finding)
        assert reason.proof is None
    elif isinstance(leaf, Derived):
        assert reason.proof is not None
        assert reason.proof.conclusion == leaf.conclusion
        check_proof(reason.proof, reference, proved)


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_a_proof_is_complete_and_every_step_holds(drawn: Drawn) -> None:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled",))
    for case in made:
        trace, reference = engine.trace(engine.infer(case)), Reference(knowledge, case)
        for item in trace.grades:
            check_proof(justify(trace, knowledge, item.conclusion), reference, set())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_proofs_of_the_examples_hold(path: Path, knowledge: KnowledgeBase, engine: Engine) -> None:
    assessment = assess(path, engine=engine)
    reference, trace = Reference(knowledge, assessment.case), assessment.trace
    for item in assessment:
        check_proof(justify(trace, knowledge, item.id), reference, set())


def ends(reason: Reason) -> Iterator[Reason]:
    """The leaves at which a proof ends."""
    if reason.proof is not None:
        for rule in reason.proof.rules:
            for part in (rule.when, *rule.unless):
                yield from ends(part)
    elif reason.leaf is not None:
        yield reason
    for member in reason.of:
        yield from ends(member)


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_a_proof_ends_in_findings_absences_unknowns_and_what_was_not_derived(drawn: Drawn) -> None:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled",))
    for case in made:
        assessment = Assessment(engine, case)
        for item in assessment:
            for rule in assessment.why(item.id).rules:
                grounds = {end.ground for part in (rule.when, *rule.unless) for end in ends(part)}
                assert grounds <= {"finding", "absence", "unknown", "not_derived", "earlier"}


@settings(max_examples=60)
@given(bases_and_cases(most_cases=2))
def test_a_proof_survives_being_written_as_json(drawn: Drawn) -> None:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled",))
    for case in made:
        assessment = Assessment(engine, case)
        for item in assessment:
            proof = assessment.why(item.id)
            assert Justification.model_validate_json(proof.model_dump_json()) == proof


def test_an_any_shows_all_its_branches_and_a_count_its_members(clinic: KnowledgeBase) -> None:
    findings = {"thrust": {"left": True}, "pain_side": "left", "lifted": False}
    (rule,) = assess({"findings": findings}, knowledge=clinic).why("joint.left").rules
    assert (rule.when.test, rule.when.k, rule.when.parameter) == ("at_least", 2, "signs")
    assert [reason.ground for reason in rule.when.of] == ["finding", "finding", "absence"]
    assert [reason.value for reason in rule.when.of] == [True, "left", False]


def test_both_rules_of_a_conclusion_are_shown_strongest_first(clinic: KnowledgeBase) -> None:
    proof = assess({"findings": {"lifted": True, "days": 3}}, knowledge=clinic).why("strain")
    assert [(rule.rule, rule.grade) for rule in proof.rules] == [
        ("clinic/strain_likely", "likely"),
        ("clinic/strain_possible", "possible"),
    ]


def test_a_gate_is_part_of_the_proof(clinic: KnowledgeBase) -> None:
    (rule,) = assess({"findings": {"lifted": True}}, knowledge=clinic).why("walking").rules
    assert [(reason.ground, reason.leaf) for reason in rule.unless] == [
        ("not_derived", NotDerived(conclusion="on_hold", grade="given"))
    ]


def test_why_of_what_was_not_derived_says_so(clinic: KnowledgeBase) -> None:
    assessment = assess({"findings": {"fever": True}}, knowledge=clinic)
    with pytest.raises(NotDerivedError, match="walking was not derived"):
        assessment.why("walking")
    with pytest.raises(NotDerivedError, match=r"unknown conclusion wlking: did you mean walking\?"):
        assessment.why("wlking")
    with pytest.raises(KeyError):
        assessment["walking"]
    assert "walking" not in assessment
