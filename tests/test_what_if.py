from __future__ import annotations

import pytest
from brute import plain_answers, recorded, small
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.explain.what_if import what_if
from sijoint.knowledge.language import KnowledgeBase

from sijoint import CaseError


@given(st.data(), small())
@settings(max_examples=60)
def test_names_every_difference_with_the_rules_behind_it(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    item = data.draw(st.sampled_from(knowledge.findings))
    answer = data.draw(st.sampled_from(plain_answers(item, knowledge)))
    found = what_if(Engine(knowledge, ("compiled", "reference")), case, {item.id: answer.value})
    before, after = reference.evaluate(knowledge, case), reference.evaluate(knowledge, recorded(case, (answer,)))
    expected = {key for key in before.grade | after.grade if before.grade.get(key) != after.grade.get(key)}
    assert {shift.conclusion for shift in found.all} == expected
    assert {shift.conclusion for shift in found.gained} == set(after.grade) - set(before.grade)
    assert {shift.conclusion for shift in found.lost} == set(before.grade) - set(after.grade)
    for shift in found.all:
        assert (shift.before, shift.after) == (before.grade.get(shift.conclusion), after.grade.get(shift.conclusion))
        assert set(shift.started) <= after.fired - before.fired
        assert set(shift.stopped) <= before.fired - after.fired
        assert shift.started or shift.stopped


def test_none_withdraws_and_sides_are_taken(engine: Engine) -> None:
    case = read_case({"findings": {"saddle_numbness": True}}, engine.knowledge)
    found = what_if(engine, case, {"saddle_numbness": None})
    assert found.disposition_before == "emergency"
    assert found.re_examine
    assert [(item.finding, item.before, item.after) for item in found.changes] == [("saddle_numbness", True, None)]
    sided = next(item for item in engine.knowledge.findings if item.side == "left" and item.type == "yes_no")
    taken = what_if(engine, case, {sided.base: {"left": True, "right": False}})
    assert [item.finding for item in taken.changes] == [sided.id, f"{sided.base}.right"]


def test_no_change_changes_nothing(engine: Engine) -> None:
    found = what_if(engine, read_case({"findings": {"saddle_numbness": True}}, engine.knowledge), {"saddle_numbness": True})
    assert found.all == ()
    assert found.changes == ()
    assert not found.re_examine


def test_refuses_what_cannot_be_read(engine: Engine) -> None:
    case = read_case({"findings": {}}, engine.knowledge)
    with pytest.raises(CaseError, match="2 problems"):
        what_if(engine, case, {"saddle_numbness": "maybe", "nothing": True})


def test_refuses_a_correction_and_says_how_to_make_it(engine: Engine) -> None:
    case = read_case({"findings": {}}, engine.knowledge)
    correction = {"value": True, "corrected": True, "recorded_by": "Dr A", "note": "typo"}
    with pytest.raises(CaseError, match=r"Session\.correct"):
        what_if(engine, case, {"saddle_numbness": correction})
