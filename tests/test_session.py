from __future__ import annotations

import pytest
import yaml
from brute import small
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine.case import Case, Moment
from sijoint.engine.case_reader import read_case
from sijoint.engine.case_writer import WHO, case_yaml
from sijoint.engine.infer import Engine
from sijoint.explain.session import Session
from sijoint.knowledge.language import KnowledgeBase

from sijoint import CaseError, assess


def test_tells_what_is_new_and_what_is_withdrawn(engine: Engine) -> None:
    session = Session(engine=engine)
    told = session.tell({"saddle_numbness": True})
    assert "disposition" in {item.conclusion for item in told.gained}
    untold = session.untell("saddle_numbness")
    assert untold.lost == ()
    assert untold.disposition_after == "emergency"
    assert session.case.findings == ()


def test_an_answer_that_is_changed_leaves_the_flag_and_a_correction_takes_it_back(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell({"saddle_numbness": True})
    assert session.tell({"saddle_numbness": False}).disposition_after == "emergency"
    assert [state.state for state in session.assessment.flags] == ["open"]
    corrected = session.correct("saddle_numbness", False, by="Dr A", why="ticked in the wrong row")
    assert corrected.disposition_after == "not_determined"
    assert [state.state for state in session.assessment.flags] == ["corrected"]
    again = assess(yaml.safe_load(session.to_yaml()), engine=engine)
    assert again.flags == session.assessment.flags


def test_a_correction_of_nothing_changes_nothing(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell({"saddle_numbness": True})
    for finding, value in (("new_bladder_trouble", False), ("saddle_numbness", True)):
        with pytest.raises(CaseError, match="corrects an answer"):
            session.correct(finding, value, by="Dr A", why="typing error")
    assert session.assessment.disposition == "emergency"


def test_goes_back_step_by_step(engine: Engine) -> None:
    session = Session(engine=engine)
    assert session.back() is None
    session.tell({"saddle_numbness": True})
    session.tell({"one_sided_pain": True})
    session.back()
    assert session.case.values == {"saddle_numbness": True}
    session.back()
    assert session.case.values == {}
    assert session.back() is None


def test_a_wrong_answer_changes_nothing(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell({"one_sided_pain": True})
    with pytest.raises(CaseError):
        session.tell({"one_sided_pain": False, "nothing": True})
    assert session.case.values == {"one_sided_pain": True}


@given(st.data(), small(later=True).filter(lambda drawn: not isinstance(drawn[1], Moment)))
@settings(max_examples=40)
def test_telling_one_by_one_comes_to_the_same(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    engine = Engine(knowledge, ("compiled", "reference"))
    session = Session(Case(case=case.case, as_of=case.as_of), engine=engine)
    for item in data.draw(st.permutations(case.findings)):
        session.tell({item.finding: item.model_dump(include={"value", *WHO}, exclude_none=True)})
    assert session.assessment.inference.outcome == engine.infer_moments(case)[-1].outcome
    assert read_case_text(session.to_yaml(), knowledge) == case


def read_case_text(text: str, knowledge: KnowledgeBase) -> Case:
    return read_case(yaml.safe_load(text), knowledge)


def test_hostile_notes_survive_being_saved(engine: Engine) -> None:
    note = "a: b\n- !!python/object:os.system \u202e *x &y 'q' \"r\""
    case = read_case({"findings": {"saddle_numbness": {"value": True, "note": note}}}, engine.knowledge)
    assert read_case_text(case_yaml(case), engine.knowledge) == case


def test_the_repr_names_no_value(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell({"saddle_numbness": True})
    assert repr(session) == "<Session: 1 findings>"
