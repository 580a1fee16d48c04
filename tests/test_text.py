"""The clinician's text: a first screen of at most 24 lines, in the order in which a clinician needs it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from sijoint.explain.analysis_text import render_proof, render_questions
from sijoint.explain.lines import WIDTH
from sijoint.explain.rows import Row
from sijoint.explain.summary import Question, Summary
from sijoint.explain.text import INTENDED_USE, SCREEN, fitted, render_why
from sijoint.explain.wording import Words
from sijoint.knowledge.items import URGENCY
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
    assert max(map(len, str(assess(path, engine=engine)).splitlines())) <= WIDTH


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


# Whatever the case ------------------------------------------------------------------------------------------------------------

TITLES = st.sampled_from(["", "seen again", "x" * 200, "word " * 40, "\u5317\u4eac " * 60, "\U0001f9b4" * 200, "\u202eback"])
FLAGS = ("saddle_numbness", "fever_or_chills", "cancer_history", "recent_fall", "bladder_change", "progressive_weakness")


def stepped(titles: list[str], start: dict[str, bool], engine: Engine) -> Assessment:
    """A case of one step for each title, with flags told one after the other."""
    known = [name for name in FLAGS if name in engine.knowledge.finding_by_id]
    day = date(2026, 1, 1)
    steps = [
        {"as_of": day + timedelta(number), "title": title or None, "findings": {known[number % len(known)]: number % 3 == 0}}
        for number, title in enumerate(titles, 1)
    ]
    return assess({"as_of": day, "findings": start, "steps": steps}, engine=engine)


def urgency_in_full(assessment: Assessment) -> str:
    """The sentence with the action, as it has to stand on the first screen; empty where no tier holds."""
    if URGENCY not in assessment:
        return ""
    return " ".join(Words(assessment.knowledge).sentence(URGENCY, assessment.disposition).split())


def is_whole(assessment: Assessment) -> None:
    lines = first_screen(assessment)
    assert len(lines) <= SCREEN
    assert max(map(cell_len, str(assessment).splitlines())) <= WIDTH
    assert lines[-1].strip() == INTENDED_USE
    assert urgency_in_full(assessment) in " ".join(" ".join(lines).split())


@given(
    titles=st.lists(TITLES, max_size=40),
    start=st.dictionaries(st.sampled_from(["saddle_numbness", "one_sided_pain"]), st.booleans()),
)
@settings(max_examples=15)
def test_the_first_screen_fits_whatever_the_steps(titles: list[str], start: dict[str, bool], engine: Engine) -> None:
    assessment = stepped(titles, start, engine)
    is_whole(assessment)
    counted_or_shown(assessment)


@pytest.mark.parametrize("count", [1, 3, 4, 28, 200])
def test_steps_that_do_not_fit_are_counted_and_stand_below(count: int, engine: Engine) -> None:
    assessment = stepped(["seen again"] * count, {}, engine)
    is_whole(assessment)
    counted_or_shown(assessment)
    if count > 1:
        below = str(assessment).split("\n\nSTEPS\n")[1].split("\n\n")[0]
        assert re.findall(r"^- Step (\d+): urgency ", below, re.M) == [str(number) for number in range(1, count + 1)]


def counted_or_shown(assessment: Assessment) -> None:
    """The latest steps are shown, each with what it did to the urgency, and those before them are counted."""
    text = "\n".join(first_screen(assessment))
    shown = [int(number) for number in re.findall(r"^Step (\d+) +urgency ", text, re.M)]
    earlier = re.search(r"^Steps +(\d+) earlier steps? below", text, re.M)
    count = len(assessment.steps)
    assert (int(earlier[1]) if earlier else 0) + len(shown) == count
    assert shown == list(range(count - len(shown) + 1, count + 1))


@given(st.data())
@settings(max_examples=60)
def test_every_text_of_random_knowledge_is_within_its_width(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    assessment = assess(data.draw(cases(knowledge, steps=True)), engine=Engine(knowledge, ("compiled", "reference")))
    is_whole(assessment)
    words = Words(knowledge)
    texts = [assessment.to_audit(), assessment.to_patient(), render_questions(assessment.next_questions(5), words)]
    texts += [render_why(assessment, item.id) for item in assessment]
    texts += [render_proof(assessment.why(item.id), words) for item in assessment]
    assert max(cell_len(line) for text in texts for line in text.splitlines()) <= WIDTH


def rows(count: int, heading: str, text: str) -> list[Row]:
    return [Row(heading, f"{text} {number}", ("a fact",) * (number % 4), ("S1",)) for number in range(count)]


LONG = st.sampled_from(["short", "many words " * 60, "x" * 300])


@given(st.data())
@settings(max_examples=200)
def test_any_summary_fits_and_what_is_left_out_is_counted(data: st.DataObject) -> None:
    """More rows of every sort than any shipped case has, and headings as long as a pack may write them."""
    found = Summary(urgency=[Row("Urgency", "EMERGENCY: " + "act at once " * data.draw(st.integers(1, 60)) + "END", ("why",))])
    for sort in ("contradictions", "steps", "screens", "presentation", "candidates", "alternatives", "plan"):
        heading = data.draw(st.sampled_from([sort.title(), "A heading that is as long as a line may be " * 3]))
        setattr(found, sort, rows(data.draw(st.integers(0, 12)), heading, data.draw(LONG)))
    found.urgency += rows(data.draw(st.integers(0, 30)), "Suspected", data.draw(LONG))
    found.questions = [Question("f", data.draw(LONG), data.draw(LONG), None) for _ in range(data.draw(st.integers(0, 3)))]
    lines = fitted(found)
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(" ".join(lines).split())
    assert found.urgency[0].text in text
    assert "on: why" in text
    if len(found.urgency) > 1:
        assert "Suspected" in text or "suspected" in text
