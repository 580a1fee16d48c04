"""(must, may) bounds: never contradicted by any completion of the unknowns."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.bounds import ALWAYS, NEVER, OPEN, Bounds, Pair, atom_bounds, bounds_of
from sijoint.engine.case import Case, Recorded
from sijoint.engine.program import Outcome, compile_program
from sijoint.knowledge.conditions import Absent, Known, Later, Present, Unknown
from strategies import bases_and_cases, cases, completions, knowledge_bases

from sijoint import KnowledgeBase

COMPLETIONS = 40


def assert_within(bounds: Bounds, outcome: Outcome, knowledge: KnowledgeBase) -> None:
    assert bounds.must_fire <= outcome.fired <= bounds.may_fire
    grade = outcome.grade
    for item in knowledge.conclusions:
        rank = item.rank(grade[item.id]) if item.id in grade else -1
        least = item.rank(bounds.least[item.id]) if item.id in bounds.least else -1
        greatest = item.rank(bounds.greatest[item.id]) if item.id in bounds.greatest else -1
        assert least <= rank <= greatest


@settings(max_examples=150)
@given(bases_and_cases(3))
def test_bounds_are_sound_for_every_completion(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, given_cases = drawn
    bitplane = Bitplane(compile_program(knowledge))
    for case in given_cases:
        bounds = bounds_of(bitplane, case)
        for complete in completions(knowledge, case, limit=COMPLETIONS):
            assert_within(bounds, reference.evaluate(knowledge, complete), knowledge)


@settings(max_examples=150)
@given(st.data())
def test_bounds_are_sound_for_every_further_answer(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    bitplane = Bitplane(compile_program(knowledge))
    more = data.draw(cases(knowledge))
    kept = data.draw(st.sets(st.sampled_from([item.id for item in knowledge.findings])))
    fewer = Case(findings=tuple(item for item in more.findings if item.finding in kept))
    added = {item.finding for item in more.findings} - kept
    for answerable in (None, added):
        bounds = bounds_of(bitplane, fewer, answerable)
        for case in (fewer, more):
            assert_within(bounds, reference.evaluate(knowledge, case), knowledge)


@given(bases_and_cases())
def test_bounds_are_exact_where_nothing_can_be_answered(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, given_cases = drawn
    bitplane = Bitplane(compile_program(knowledge))
    for case in given_cases:
        bounds, outcome = bounds_of(bitplane, case, ()), bitplane.evaluate(case)
        assert bounds.must_fire == bounds.may_fire == outcome.fired
        assert dict(bounds.least) == dict(bounds.greatest) == outcome.grade


@pytest.mark.parametrize("test", [Present, Absent, Known, Unknown])
def test_an_unknown_finding_may_come_out_either_way(test: type[Present | Absent | Known | Unknown]) -> None:
    assert atom_bounds(test(finding="a"), Case()) == OPEN
    assert atom_bounds(test(finding="a"), Case(), frozenset({"b"})) == (ALWAYS if test is Unknown else NEVER)


def test_a_later_symptom_can_only_break_a_work_up() -> None:
    test = Later(finding="work_up", than=(Present(finding="pain"),))
    signed = Recorded(finding="work_up", value=True, recorded_by="Dr A", recorded_on=date(2026, 3, 5))
    earlier = Recorded(finding="pain", value=True, recorded_on=date(2026, 3, 1))
    assert atom_bounds(test, Case()) == OPEN
    assert atom_bounds(test, Case(findings=(signed,))) == OPEN
    assert atom_bounds(test, Case(findings=(earlier, signed))) == ALWAYS
    assert atom_bounds(test, Case(findings=(Recorded(finding="work_up", value=True),))) == NEVER


def test_pairs_carry_planes_of_many_cases() -> None:
    one = Pair(0b111, 0b111)
    mixed = Pair(0b001, 0b011)
    assert mixed ^ one == Pair(0b100, 0b110)
    assert mixed & (mixed ^ one) == Pair(0b000, 0b010)
    assert mixed | (mixed ^ one) == Pair(0b101, 0b111)
