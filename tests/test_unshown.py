"""What is logged by accident holds nothing of a patient: no repr or str of a result names what a case gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from sijoint import Assessment, CaseError, Engine, KnowledgeBase, Session, assess, read_case

MARK, NUMBER = "ZQX-mark", 137
TOLD = {"recorded_by": MARK, "recorded_on": "2026-01-01", "method": MARK, "note": MARK}
CASE = {
    "case": MARK,
    "as_of": "2026-03-01",
    "findings": {
        **{name: {"value": True, **TOLD} for name in ("one_sided_pain", "dimple_pain", "worse_rolling_in_bed", "sharp_pain")},
        "symptom_days": {"value": NUMBER, **TOLD},
        "recent_fall": False,
    },
    "steps": [{"as_of": "2026-03-02", "title": MARK, "findings": {"saddle_numbness": {"value": True, **TOLD}}}],
}


@pytest.fixture(scope="module")
def assessment(engine: Engine) -> Assessment:
    return assess(CASE, engine=engine)


def results(found: Assessment) -> Iterator[Any]:
    """Every kind of answer about a marked case."""
    from sijoint.explain.page import build_page
    from sijoint.explain.proofs import Proofs
    from sijoint.explain.summary import summarise
    from sijoint.explain.wording import Words

    session = Session(found.case, engine=found.engine)
    yield from (found, found.case, found.inference, found.document(), found.trace, session)
    yield session.tell({"symptom_days": {"value": NUMBER + 1, "note": MARK}})
    yield found.why("disposition")
    yield found.why_not("force_transfer")
    yield found.what_if({"symptom_days": NUMBER + 1, "recent_fall": True})
    yield found.contrast("instability", "force_transfer")
    yield found.counterfactuals("force_transfer", "holds", most=1)
    yield found.settled("instability")
    yield found.next_questions(2)
    yield found.arguments()
    yield build_page(found, "en", audit=True)
    yield summarise(Proofs(found), Words(found.knowledge))


def inside(found: object, seen: set[int]) -> Iterator[object]:
    """A result and every model in it; what the knowledge says is not looked into."""
    if isinstance(found, tuple | list | frozenset | set):
        for item in found:
            yield from inside(item, seen)
    elif isinstance(found, BaseModel | Assessment | Session) or is_dataclass(found):
        if id(found) in seen or isinstance(found, KnowledgeBase):
            return
        seen.add(id(found))
        yield found
        names = (
            type(found).model_fields
            if isinstance(found, BaseModel)
            else [f.name for f in fields(found)]
            if is_dataclass(found)
            else ()
        )  # type: ignore[arg-type]
        for name in names:
            yield from inside(getattr(found, name), seen)


def test_no_repr_or_str_of_a_result_names_what_the_case_gave(assessment: Assessment) -> None:
    seen: set[int] = set()
    kept = [*results(assessment)]
    found = [item for result in kept for item in inside(result, seen)]
    shown = {type(item).__name__: text for item in found for text in (repr(item), "" if item is assessment else str(item))
             if MARK in text or str(NUMBER) in text or str(NUMBER + 1) in text}  # fmt: skip
    assert shown == {}
    assert len({type(item) for item in found}) > 30
    assert MARK in str(assessment)


def test_a_repr_says_which_conclusion_it_is_about(assessment: Assessment) -> None:
    proof = assessment.why("disposition")
    assert repr(proof) == str(proof) == "Justification('disposition', 'emergency')"
    assert f"{assessment.document()}" == "AssessmentDocument()"


def test_a_refusal_names_no_author_or_note(engine: Engine) -> None:
    wrong = {**CASE, "findings": {"symptom_days": {"value": -NUMBER, **TOLD}, "one_sided_pain": {"value": MARK, **TOLD}}}
    with pytest.raises(CaseError) as caught:
        read_case(wrong, engine.knowledge)
    assert MARK not in str(caught.value) + repr(caught.value)
    assert str(NUMBER) not in str(caught.value) + repr(caught.value)
