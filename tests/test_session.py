from __future__ import annotations

from datetime import date

import pytest
import yaml
from brute import small
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine.case import Case, Moment
from sijoint.engine.case_reader import read_case
from sijoint.engine.case_writer import WHO, case_document, case_yaml
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


RAISED = {"saddle_numbness": True}
CORRECTED = {"corrected": True, "recorded_by": "Dr A", "note": "typo"}
REPLACED = {"findings": RAISED | {"major_trauma": True}, "steps": [{"findings": {"saddle_numbness": False}}]}


def test_a_moment_without_a_past_is_taken_as_a_case(engine: Engine) -> None:
    moment = assess({"findings": {"saddle_numbness": False}}, engine=engine).case
    session = Session(moment, engine=engine)
    assert session.tell(RAISED).disposition_after == "emergency"
    assert read_case(case_document(moment), engine.knowledge).values == moment.values


def test_a_moment_without_a_past_keeps_the_days_of_its_answers(engine: Engine) -> None:
    steps = [{"as_of": date(2024, 1, 8), "findings": {"one_sided_pain": True}}]
    moment = assess({"as_of": date(2024, 1, 1), "findings": {"symptom_days": 3}, "steps": steps}, engine=engine).case
    again = Session(moment, engine=engine).case
    assert again.values == moment.values
    assert {key: item.dated for key, item in again.recorded.items()} == {key: item.dated for key, item in moment.recorded.items()}


def test_a_moment_with_a_past_is_refused_with_its_flag_said_first(engine: Engine) -> None:
    moment = assess(REPLACED, engine=engine).case
    with pytest.raises(CaseError, match=r"EMERGENCY(.|\n)*`given` of its assessment"):
        Session(moment, engine=engine)
    with pytest.raises(CaseError, match="`given` of its assessment"):
        case_document(moment)


def test_what_an_assessment_was_given_goes_on_in_a_session(engine: Engine) -> None:
    session = Session(assess(REPLACED, engine=engine).given, engine=engine)
    told = session.correct("major_trauma", False, by="Dr A", why="typo")
    assert told.disposition_after == "emergency"


def test_a_correction_that_is_told_is_made(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell(RAISED)
    session.tell({"saddle_numbness": {"value": False, **CORRECTED}, "one_sided_pain": True})
    assert session.case.values == {"saddle_numbness": False, "one_sided_pain": True}
    assert [state.state for state in session.assessment.flags] == ["corrected"]
    assert read_case_text(session.to_yaml(), engine.knowledge) == session.assessment.given


def test_a_correction_that_is_told_of_nothing_is_refused(engine: Engine) -> None:
    session = Session(engine=engine)
    with pytest.raises(CaseError, match="corrects an answer"):
        session.tell({"saddle_numbness": {"value": True, **CORRECTED}})
    assert session.case.values == {}


def closed_on(day: date) -> dict[str, object]:
    return {"cauda_equina_workup_negative": {"value": True, "recorded_by": "Dr A", "recorded_on": day, "method": "MRI"}}


def test_a_session_with_a_day_closes_a_flag(engine: Engine) -> None:
    session = Session(engine=engine, as_of=date(2024, 1, 1))
    session.tell(RAISED)
    session.tell(closed_on(date(2024, 1, 8)), as_of=date(2024, 1, 8))
    assert [step.as_of for step in session.assessment.given.steps] == [date(2024, 1, 8)]
    assert [state.state for state in session.assessment.flags] == ["resolved"]
    assert read_case_text(session.to_yaml(), engine.knowledge) == session.assessment.given


def test_the_first_answers_may_bring_the_day(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell(RAISED, as_of=date(2024, 1, 1))
    session.tell({"one_sided_pain": True}, as_of=date(2024, 1, 1))
    assert session.assessment.given.as_of == date(2024, 1, 1)
    assert session.assessment.given.steps == ()


def test_a_day_before_that_of_the_case_is_refused(engine: Engine) -> None:
    session = Session(engine=engine, as_of=date(2024, 1, 2))
    with pytest.raises(CaseError, match="earlier than the step before"):
        session.tell(RAISED, as_of=date(2024, 1, 1))
    with pytest.raises(CaseError):
        session.tell(RAISED, as_of="soon")  # type: ignore[arg-type]
    assert session.case.values == {}


def test_a_name_that_is_no_text_is_refused(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell(RAISED)
    for ask in (lambda: session.correct(["x"], True, by="a", why="b"), lambda: session.untell(["x"])):  # type: ignore[arg-type]
        with pytest.raises(CaseError):
            ask()
    assert session.case.values == RAISED
