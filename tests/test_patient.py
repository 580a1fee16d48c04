"""The patient's text: calm and plain, the action first, nothing to do alone while a flag is open."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.explain.patient import CLOSING, is_held
from sijoint.knowledge.items import URGENCY
from strategies import cases

from sijoint import Engine, assess

Golden = Callable[[str, str], None]
FIRST = {"emergency": ("emergency", "now"), "urgent": ("today",)}
WORDS_AT_MOST = 640


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_patient_text_of_an_example(path: Path, engine: Engine, golden: Golden) -> None:
    golden(f"patient/{path.stem}.txt", assess(path, engine=engine).to_patient())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_text_is_short_and_without_ids(path: Path, engine: Engine) -> None:
    assessment = assess(path, engine=engine)
    text = assessment.to_patient()
    assert len(text.split()) < WORDS_AT_MOST
    assert text.endswith(CLOSING.split(". ")[1] + "\n") or CLOSING.split()[-1] in text.splitlines()[-1]
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", text)
    flat = " ".join(text.split())
    sentences = re.split(r"(?<=[.!?]) ", flat)
    assert len(sentences) == len(set(sentences)), "a sentence is said twice"


@given(st.data())
@settings(max_examples=60)
def test_the_first_sentence_names_action_and_time(engine: Engine, data: st.DataObject) -> None:
    assessment = assess(data.draw(cases(engine.knowledge)), engine=engine)
    first = re.split(r"(?<=[.!?]) ", " ".join(assessment.to_patient().split()))[0].lower()
    for word in FIRST.get(assessment.disposition, ()):
        assert word in first, first


@pytest.mark.parametrize("grade", ["soon", "urgent", "emergency"])
def test_nothing_to_do_alone_while_a_flag_is_open(grade: str, engine: Engine) -> None:
    knowledge = engine.knowledge
    shown = 0
    for item in islice((item for item in knowledge.cases if item.then.get(URGENCY) == grade), 8):
        assessment = assess(
            {"case": item.case, "as_of": item.as_of, "findings": item.findings, "steps": list(item.steps)}, engine=engine
        )
        shown += 1
        text = " ".join(assessment.to_patient().split())
        assert is_held(assessment)
        assert not any(
            heading in text for heading in ("What your clinician may suggest", "What to expect", "What may be going on")
        )
    assert shown


def test_past_care_is_not_belittled(engine: Engine) -> None:
    text = " ".join(assess(ROOT / "docs/examples/massage-only.yaml", engine=engine).to_patient().split())
    assert "does not mean that care has failed" in text
    assert not re.search(r"\b(wrong|useless|only massage|should have)\b", text)


def test_an_open_screen_is_told(engine: Engine) -> None:
    text = assess(ROOT / "docs/examples/teenager.yaml", engine=engine).to_patient()
    assert "can make it more urgent" in text
