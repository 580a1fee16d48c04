"""The clinician's text: a first screen of at most 24 lines, in the order in which a clinician needs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.explain.text import INTENDED_USE, SCREEN, WIDTH
from strategies import cases, knowledge_bases

from sijoint import Assessment, Engine, assess

ORDER = ("Urgency", "Screen", "Presentation", "Cause", "Also to consider", "Plan", "Ask next")


def first_screen(assessment: Assessment) -> list[str]:
    """The lines before the first empty one."""
    return str(assessment).split("\n\n")[0].splitlines()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_first_screen_fits_a_terminal(path: Path, engine: Engine) -> None:
    lines = first_screen(assess(path, engine=engine))
    assert len(lines) <= SCREEN
    assert lines[-1].strip() == INTENDED_USE


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_first_screen_keeps_its_order(path: Path, engine: Engine) -> None:
    headings = [line[:17].strip() for line in first_screen(assess(path, engine=engine)) if line[:1].strip()]
    places = [ORDER.index(name) for name in headings if name in ORDER]
    assert places == sorted(places)
    if headings[0].startswith("Contradiction"):
        headings = [name for name in headings if not name.startswith("Contradiction")]
    assert headings[0] == "Urgency"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_line_is_wider_than_the_text(path: Path, engine: Engine) -> None:
    assert max(map(len, str(assess(path, engine=engine)).splitlines())) <= WIDTH + 20


def test_an_emergency_stands_first_and_nothing_delays_it(engine: Engine) -> None:
    answers = {"saddle_numbness": True, "one_sided_pain": True}
    lines = first_screen(assess({"findings": answers}, engine=engine))
    assert lines[0].startswith("Urgency")
    assert "Emergency" in lines[0]
    assert not any(line.startswith(("Ask next", "Presentation", "Cause")) for line in lines)


def test_contradictions_stand_first(engine: Engine) -> None:
    lines = first_screen(assess(ROOT / "docs/examples/contradictory-answers.yaml", engine=engine))
    assert lines[0].startswith("Contradiction")


def test_the_next_questions_say_what_an_answer_changes(engine: Engine) -> None:
    text = " ".join(" ".join(first_screen(assess(ROOT / "docs/examples/nearly-unknown.yaml", engine=engine))).split())
    assert "yes: emergency; no: one answer nearer" in text


def test_article_and_evidence_stand_side_by_side(engine: Engine) -> None:
    text = str(assess(ROOT / "docs/examples/below-knee-pain.yaml", engine=engine))
    assert "ARTICLE BESIDE PUBLISHED EVIDENCE" in text
    assert "publications differ:" in text
    assert "    article:" in text
    assert "    published:" in text


@given(st.data())
@settings(max_examples=60)
def test_the_first_screen_of_random_knowledge_fits(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    assessment = assess(data.draw(cases(knowledge)), engine=Engine(knowledge, ("compiled", "reference")))
    assert len(first_screen(assessment)) <= SCREEN


@pytest.mark.parametrize(
    ("answers", "time"),
    [
        ({"fever_or_chills": True}, "the same day, assessment or imaging within about 24 hours to 48 hours"),
        ({"cancer_history": True}, "medical review and investigation within 14 days"),
    ],
)
def test_the_urgency_names_its_time(engine: Engine, answers: dict[str, bool], time: str) -> None:
    assert time in " ".join(str(assess({"findings": answers}, engine=engine)).split())
