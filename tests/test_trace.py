"""The trace says what happened, in order, with every condition and the facts behind it; the reference checks each entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import EXAMPLES
from hypothesis import given, settings
from sijoint.engine.moments import moments_of
from sijoint.engine.reference import Reference
from sijoint.engine.trace import Checked, Trace, holding_leaves
from sijoint.knowledge.conditions import (
    BRANCHES,
    FINDING_TESTS,
    Absent,
    Condition,
    Derived,
    Earlier,
    NotDerived,
    NotEarlier,
    Present,
)
from strategies import bases_and_cases

from sijoint import Case, Engine, KnowledgeBase, read_case

Drawn = tuple[KnowledgeBase, list[Case]]


def traced(drawn: Drawn) -> Iterator[tuple[KnowledgeBase, Case, Engine, Trace]]:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled",))
    for case in made:
        yield knowledge, case, engine, engine.trace(engine.infer(case))


def same_shape(check: Checked, condition: Condition) -> bool:
    """Whether a checked condition is the condition, branch by branch and leaf by leaf."""
    if isinstance(condition, BRANCHES):
        alike = check.test == condition.test and check.k == getattr(condition, "k", None)
        return alike and len(check.of) == len(condition.of) and all(map(same_shape, check.of, condition.of))
    return check.leaf == condition


def right(check: Checked, reference: Reference) -> bool:
    """Whether a checked condition and everything below it came out as the reference says, with the value on record."""
    if check.leaf is None:
        return all(right(member, reference) for member in check.of)
    if isinstance(check.leaf, FINDING_TESTS):
        recorded = check.value == reference.case.values.get(check.leaf.finding)
    elif isinstance(check.leaf, Earlier | NotEarlier):
        recorded = check.grade == reference.case.earlier_grades.get(check.leaf.conclusion)
    else:
        grades = reference.knowledge.conclusion_by_id[check.leaf.conclusion].grades
        rank = reference.rank(check.leaf.conclusion)
        recorded = check.grade == (grades[rank] if rank >= 0 else None)
    return recorded and check.holds == reference.holds(check.leaf)


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_every_firing_is_the_rule_with_its_conditions_as_they_came_out(drawn: Drawn) -> None:
    for knowledge, case, _, trace in traced(drawn):
        reference = Reference(knowledge, case)
        for firing in trace.firings:
            rule = knowledge.rule_by_id[firing.rule]
            assert (firing.pack, firing.file, firing.line, firing.concluded) == (rule.pack, rule.file, rule.line, rule.then)
            assert firing.when.holds
            assert same_shape(firing.when, rule.when)
            assert right(firing.when, reference)
            assert [item.leaf for item in firing.unless] == list(rule.blockers)
            assert all(item.holds and right(item, reference) for item in firing.unless)


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_the_firings_are_those_of_the_outcome_in_order_of_strata(drawn: Drawn) -> None:
    for _, case, engine, trace in traced(drawn):
        outcome = engine.infer(case).outcome
        assert {firing.rule for firing in trace.firings} == outcome.fired
        assert [firing.order for firing in trace.firings] == list(range(1, len(trace.firings) + 1))
        strata = [firing.stratum for firing in trace.firings]
        assert strata == sorted(strata)
        assert tuple((item.conclusion, item.grade) for item in trace.grades) == outcome.grades


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_a_rule_rests_only_on_rules_of_earlier_strata(drawn: Drawn) -> None:
    for _, _, _, trace in traced(drawn):
        first = {item.conclusion: firing.stratum for firing in reversed(trace.firings) for item in firing.concluded}
        last = {item.conclusion: firing.stratum for firing in trace.firings for item in firing.concluded}
        for firing in trace.firings:
            for leaf in (*holding_leaves(firing.when), *(item.leaf for item in firing.unless)):
                if isinstance(leaf, Derived):
                    assert first[leaf.conclusion] < firing.stratum
                elif isinstance(leaf, NotDerived):
                    assert last.get(leaf.conclusion, -1) < firing.stratum


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_every_rule_that_was_met_but_held_back_says_by_what(drawn: Drawn) -> None:
    for knowledge, case, _, trace in traced(drawn):
        reference = Reference(knowledge, case)
        held = {rule.id for rule in knowledge.rules if reference.holds(rule.when) and not reference.fires(rule)}
        assert {item.rule for item in trace.blocked} == held
        grades = {item.conclusion: item.grade for item in trace.grades}
        for item in trace.blocked:
            rule = knowledge.rule_by_id[item.rule]
            failing = [block for block in rule.blockers if not reference.holds(block)]
            assert [(part.conclusion, part.grade) for part in item.by] == [
                (part.conclusion, grades[part.conclusion]) for part in failing
            ]
            assert item.gated == all(part in rule.gates for part in failing)


@settings(max_examples=60)
@given(bases_and_cases(most_cases=3))
def test_every_contradiction_is_recorded_and_no_other(drawn: Drawn) -> None:
    for knowledge, case, _, trace in traced(drawn):
        reference = Reference(knowledge, case)
        broken = {item.id for item in knowledge.constraints if all(reference.holds(test) for test in item.never)}
        assert {item.constraint for item in trace.contradictions} == broken
        urgent = [item.urgent for item in trace.contradictions]
        assert urgent == sorted(urgent, reverse=True)


@settings(max_examples=60)
@given(bases_and_cases(most_cases=2))
def test_a_trace_is_rebuilt_the_same_each_time(drawn: Drawn) -> None:
    for _, case, engine, trace in traced(drawn):
        inference = engine.infer(case)
        again = engine.trace(inference)
        assert again.model_dump_json() == engine.trace(inference).model_dump_json() == trace.model_dump_json()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_traces_of_the_examples_are_right(path: Path, knowledge: KnowledgeBase, engine: Engine) -> None:
    case = moments_of(read_case(path, knowledge), knowledge)[-1]
    reference, trace = Reference(knowledge, case), engine.trace(engine.infer(case))
    assert {firing.rule for firing in trace.firings} == {rule.id for rule in knowledge.rules if reference.fires(rule)}
    assert all(right(firing.when, reference) for firing in trace.firings)


def test_the_recorder_keeps_what_did_not_hold_too(knowledge: KnowledgeBase, engine: Engine) -> None:
    """Of an `any`, the branches that failed are on record beside those that held."""
    trace = engine.trace(engine.infer(read_case({"findings": {"saddle_numbness": True}}, knowledge)))
    checks = [firing.when for firing in trace.firings if firing.when.test == "any"]
    assert any({member.holds for member in check.of} == {True, False} for check in checks)
    leaves_of = [leaf for firing in trace.firings for leaf in holding_leaves(firing.when)]
    assert Present(finding="saddle_numbness") in leaves_of
    assert not any(isinstance(leaf, Absent) for leaf in leaves_of)
