from __future__ import annotations

import pytest
from brute import small
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.explain.session import Session, case_yaml
from sijoint.knowledge.language import KnowledgeBase

from sijoint import CaseError


def test_tells_what_is_new_and_what_is_withdrawn(engine: Engine) -> None:
    session = Session(engine=engine)
    told = session.tell({"saddle_numbness": True})
    assert "disposition" in {item.conclusion for item in told.gained}
    untold = session.untell("saddle_numbness")
    assert {item.conclusion for item in untold.lost} == {item.conclusion for item in told.gained}
    assert session.case.findings == ()


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


@given(st.data(), small(later=True))
@settings(max_examples=40)
def test_telling_one_by_one_comes_to_the_same(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    engine = Engine(knowledge, ("compiled", "reference"))
    session = Session(Case(case=case.case, as_of=case.as_of), engine=engine)
    for item in data.draw(st.permutations(case.findings)):
        session.tell({item.finding: item.model_dump(exclude={"finding"}, exclude_none=True)})
    assert session.assessment.inference.outcome == engine.infer(case).outcome
    assert read_case_text(session.to_yaml(), knowledge) == case


def read_case_text(text: str, knowledge: KnowledgeBase) -> Case:
    import yaml

    return read_case(yaml.safe_load(text), knowledge)


def test_hostile_notes_survive_being_saved(engine: Engine) -> None:
    note = "a: b\n- !!python/object:os.system \u202e *x &y 'q' \"r\""
    case = read_case({"findings": {"saddle_numbness": {"value": True, "note": note}}}, engine.knowledge)
    assert read_case_text(case_yaml(case), engine.knowledge) == case


def test_the_repr_names_no_value(engine: Engine) -> None:
    session = Session(engine=engine)
    session.tell({"saddle_numbness": True})
    assert repr(session) == "<Session: 1 findings>"
