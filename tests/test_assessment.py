"""An assessment as a collection and as a value; what is asked wrongly raises an error of this library."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public import exported, methods
from small_pack import load, parts
from strategies import cases, knowledge_bases

import sijoint
from sijoint import Engine, KnowledgeBase, Session, assess, assess_columns

ANSWERS = {"one_sided_pain": True, "dimple_pain": True, "saddle_numbness": False}


def test_what_is_iterated_is_contained(engine: Engine) -> None:
    assessment = assess({"findings": ANSWERS}, engine=engine)
    assert next(iter(assessment)) in assessment
    assert (
        [item in assessment for item in assessment] == [item.id in assessment for item in assessment] == [True] * len(assessment)
    )
    assert [assessment[item.id] for item in assessment] == list(assessment)


def test_only_what_was_concluded_as_it_was_concluded_is_contained(engine: Engine) -> None:
    assessment = assess({"findings": ANSWERS}, engine=engine)
    other = assess({"findings": {"saddle_numbness": True}}, engine=engine)
    item = assessment["si_joint_presentation"]
    assert item.model_copy(update={"grade": "another"}) not in assessment
    assert other["disposition"] not in assessment
    for stranger in ("disposition", "nothing", "", 0, None, [], {"id": item.id}, object()):
        assert stranger not in assessment


def test_an_assessment_without_conclusions_is_empty_and_still_true(tmp_path: Path) -> None:
    knowledge = load(tmp_path, parts())
    nothing = assess({"findings": {"numb": False}}, engine=Engine(knowledge, ("compiled", "reference")))
    assert (len(nothing), list(nothing), bool(nothing)) == (0, [], True)


@given(st.data())
@settings(max_examples=40)
def test_length_iteration_and_containment_agree(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    assessment = assess(data.draw(cases(knowledge)), engine=Engine(knowledge, ("compiled", "reference")))
    inside = {item.id for item in knowledge.conclusions if item.id in assessment}
    assert len(assessment) == len(list(assessment)) == len(inside)
    assert {item.id for item in assessment} == inside


def test_the_same_question_has_an_equal_answer(engine: Engine) -> None:
    one, two = (assess({"case": "a", "findings": dict(order)}, engine=engine) for order in (ANSWERS, reversed(ANSWERS.items())))
    assert one == two
    assert hash(one) == hash(two)
    assert len({one, two}) == 1


def test_equal_engines_over_one_knowledge_give_equal_answers(knowledge: KnowledgeBase) -> None:
    one, two = (assess({"findings": ANSWERS}, engine=Engine(knowledge, ("compiled",))) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)


@pytest.mark.parametrize("difference", ["answer", "unknown", "name", "day", "step", "evaluators", "knowledge", "certificate"])
def test_another_question_has_another_answer(difference: str, knowledge: KnowledgeBase, clinic: KnowledgeBase) -> None:
    engine = Engine(knowledge, ("compiled",))
    base: dict[str, Any] = {"case": "a", "as_of": "2026-11-22", "findings": ANSWERS}
    changed = {
        "answer": {**base, "findings": {**ANSWERS, "saddle_numbness": True}},
        "unknown": {**base, "findings": {"one_sided_pain": True}},
        "name": {**base, "case": "b"},
        "day": {**base, "as_of": "2026-11-23"},
        "step": {**base, "steps": [{"as_of": "2026-11-22", "findings": {}}]},
    }
    others = {"evaluators": Engine(knowledge, ("reference",)), "knowledge": Engine(clinic, ("compiled",))}
    if difference == "knowledge":
        base["findings"] = {}
    one = assess(base, engine=engine)
    certificate = "of another day" if difference == "certificate" else None
    two = assess(changed.get(difference, base), engine=others.get(difference, engine), certificate=certificate)
    assert one != two
    assert len({one, two}) == 2


def test_an_assessment_equals_nothing_else(engine: Engine) -> None:
    assessment = assess({"findings": ANSWERS}, engine=engine)
    assert assessment != assessment.to_json()
    assert assessment != assessment.case
    assert assessment != list(assessment)


# Asked wrongly ------------------------------------------------------------------------------------------------------------------

JUNK: tuple[Any, ...] = ("nothing", "", "saddle_numbness.left", "x" * 5_000, "dispositon")


def wrong_calls(engine: Engine) -> Iterator[tuple[str, Callable[[], object]]]:
    """Calls that name what is not there, by the function they call."""
    assessment, session = assess({"findings": ANSWERS}, engine=engine), Session(engine=engine)
    batch = assess_columns({"saddle_numbness": [True, False]}, engine=engine)
    inference = assessment.inference
    for junk in JUNK:
        for name in ("why", "why_not", "counterfactuals", "settled", "__getitem__"):
            yield f"Assessment.{name}", lambda name=name, junk=junk: getattr(assessment, name)(junk)
        yield "Assessment.prove", lambda junk=junk: assessment.prove(junk, assessment.trace)
        yield "Assessment.why_not", lambda junk=junk: assessment.why_not("walking_progression", junk or "-")
        yield "Assessment.settled", lambda junk=junk: assessment.settled("disposition", junk or "-")
        yield "Assessment.counterfactuals", lambda junk=junk: assessment.counterfactuals("disposition", junk)
        yield "Assessment.counterfactuals", lambda junk=junk: assessment.counterfactuals("disposition", may_change=[junk])
        yield "Assessment.contrast", lambda junk=junk: assessment.contrast(junk, "disposition")
        yield "Assessment.contrast", lambda junk=junk: assessment.contrast("disposition", junk)
        yield "Assessment.what_if", lambda junk=junk: assessment.what_if({junk: True})
        yield "Session.tell", lambda junk=junk: session.tell({junk: True})
        yield "Session.__init__", lambda junk=junk: Session({"findings": {junk: True}}, engine=engine)
        yield "Session.untell", lambda junk=junk: session.untell(junk)
        yield "Session.correct", lambda junk=junk: session.correct(junk, True, by="Dr A", why="misheard")
        yield "assess", lambda junk=junk: assess({"findings": {junk: True}}, engine=engine)
        yield "read_case", lambda junk=junk: sijoint.read_case({"findings": {junk: True}}, engine.knowledge)
        yield "assess_many", lambda junk=junk: list(sijoint.assess_many([{"findings": {junk: True}}], engine=engine))
        yield "assess_columns", lambda junk=junk: assess_columns({junk: [True]}, engine=engine)
        yield "assess_columns", lambda junk=junk: assess_columns({}, rules=[junk], engine=engine)
        yield "Engine.__init__", lambda junk=junk: Engine(engine.knowledge, (junk,))
        yield "load_knowledge", lambda junk=junk: sijoint.load_knowledge(f"/nowhere/{junk[:40]}")
    for row in (-1, 2, 8, 10**9):
        yield "Batch.case", lambda row=row: batch.case(row)
        yield "Batch.outcome", lambda row=row: batch.outcome(row)
        yield "assess_row", lambda row=row: sijoint.assess_row(batch, row, engine=engine)
    other = Engine(engine.knowledge, ("compiled",))
    yield "Engine.trace", lambda: other.trace(type(inference)(inference.case, inference.outcome, ("compiled",), "another"))
    yield "Assessment.why_not", lambda: assessment.why_not("si_joint_presentation")
    yield "Assessment.why", lambda: assessment.why("disposition")


def test_whatever_is_asked_wrongly_raises_an_error_of_this_library(engine: Engine) -> None:
    for _, call in wrong_calls(engine):
        with pytest.raises(sijoint.SijointError) as caught:
            call()
        assert str(caught.value)
        assert len(str(caught.value)) < 1_000


def test_every_function_that_says_what_it_raises_was_asked_wrongly(engine: Engine) -> None:
    """By the docstrings: whatever names an error has a wrong call above, but for what a caller cannot bring about."""
    said = set()
    for item in exported():
        for name, function in methods(item) if isinstance(item, type) else [("", inspect.unwrap(item))]:
            if "Raises:" in (function.__doc__ or "") + (item.__doc__ or "" if name == "__init__" else ""):
                said.add(f"{item.__name__}.{name}" if name else item.__name__)
    beyond_callers = {"Engine.infer", "Engine.infer_moments", "Assessment.to_html", "Batch.to_arrow"}
    assert {name for name, _ in wrong_calls(engine)} >= said - beyond_callers


def test_every_error_named_in_a_docstring_is_one_of_this_library() -> None:
    named = set()
    for item in exported():
        for _, function in methods(item) if isinstance(item, type) else [("", inspect.unwrap(item))]:
            named |= set(re.findall(r"^ +(\w+(?:Error|Disagreement)):", (function.__doc__ or "").partition("Raises:")[2], re.M))
    assert named
    assert {name for name in named if not issubclass(getattr(sijoint, name), sijoint.SijointError)} == set()
