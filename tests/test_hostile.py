"""Text that tries to become markup, a request, a terminal command or a turn of the reading direction stays text."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from conftest import ROOT
from pages import read
from rich.console import Console

from sijoint import Assessment, Engine, assess, load_knowledge

SCRIPT = "<script>window.pwned=1</script>"
TURNING = "\u202egnp\u202c \u2066\u200f \x1b[31m\x07"
MARKUP = "\"'><img src=x onerror=alert(1)> &amp; {{ 7*7 }} {% raw %} ]]> --> [a](javascript:x) [bold red]"
HOSTILE = f"{SCRIPT} {MARKUP} {TURNING}"
LONG = "w" * 9_000
ALLOWED = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "main", "section", "nav", "h1", "h2",
    "h3", "p", "ul", "li", "div", "span", "code", "details", "summary", "svg", "desc", "defs", "marker", "path",
    "g", "rect", "text", "strong",
}  # fmt: skip


@pytest.fixture
def of_a_case(engine: Engine) -> Assessment:
    """An assessment in which every text of the case is hostile."""
    told = {"recorded_by": HOSTILE, "recorded_on": "2030-01-01", "method": HOSTILE, "note": HOSTILE + LONG}
    findings = {name: {"value": True, **told} for name in ("one_sided_pain", "dimple_pain", "worse_rolling_in_bed", "sharp_pain")}
    steps = [{"as_of": "2030-02-01", "title": HOSTILE, "findings": {"burning_pain": {"value": True, **told}}}]
    return assess({"case": HOSTILE[:190], "as_of": "2030-01-02", "findings": findings, "steps": steps}, engine=engine)


@pytest.fixture
def of_a_pack(tmp_path: Path) -> Assessment:
    """An assessment under knowledge in which every text is hostile."""
    import yaml

    bad = SCRIPT + " \"'><img src=x onerror=alert(1)> {{ 7*7 }} [a](javascript:x) [bold red] -->"
    pack = {
        "pack.yaml": {
            "pack": "mini", "title": bad, "version": "1.0.0", "authority": bad, "intended_use": bad, "misuse": bad,
            "kinds": {"note": {"headline": True}},
        },
        "findings.yaml": [{"id": "ache", "type": "yes_no", "obtained_by": "history", "source": ["S1"]}],
        "conclusions.yaml": [{"id": "seen", "kind": "note", "source": ["S1"]}],
        "references.yaml": [
            {"id": "S1", "kind": "paper", "citation": bad, "claim": bad, "url": "javascript:alert(1)", "certainty": ["V"],
             "checked": "2026-01-01", "review_by": "2027-01-01"}
        ],
        "rules.yaml": [
            {"id": "sees", "title": bad, "when": "ache", "then": "seen", "source": ["S1"],
             "interpretation": bad + LONG[:2000], "because": bad}
        ],
        "wording/en.yaml": {
            "language": "en", "kinds": {"note": bad},
            "findings": {"ache": {"label": bad, "question": bad + "?"}},
            "conclusions": {"seen": {"label": bad, "text": bad, "patient": bad}},
        },
    }  # fmt: skip
    for name, content in pack.items():
        path = tmp_path / "mini" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    knowledge = load_knowledge(tmp_path / "mini", cases=False)
    return assess({"findings": {"ache": True}}, engine=Engine(knowledge, ("compiled", "reference")))


@pytest.fixture(params=["of_a_case", "of_a_pack"])
def assessment(request: pytest.FixtureRequest) -> Assessment:
    """Both."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Assessment)
    return found


def controls(text: str) -> set[str]:
    """Characters that steer a terminal or turn the reading direction."""
    return {
        f"U+{ord(char):04X}" for char in text if char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}
    }


def test_the_page_holds_no_markup_but_its_own(assessment: Assessment) -> None:
    html = assessment.to_html()
    reader = read(html)
    assert {tag.lower() for tag, _ in reader.tags} <= ALLOWED
    assert not [name for _, found in reader.tags for name in found if name.startswith("on")]
    links = [value for _, found in reader.tags for name, value in found.items() if name in {"href", "src"}]
    assert all(link and link.startswith(("#", "data:,")) for link in links)
    assert "window.pwned=1" in "".join(reader.text)
    assert "{{ 7*7 }}" in "".join(reader.text)
    assert not controls(html)


def test_the_notebook_answer_holds_no_markup_but_its_own(assessment: Assessment) -> None:
    html = assessment._repr_html_()
    assert html is not None
    assert {tag.lower() for tag, _ in read(html).tags} <= ALLOWED
    assert not controls(html)


def test_plain_texts_cannot_steer_a_terminal(assessment: Assessment) -> None:
    for text in (str(assessment), assessment.to_audit(), assessment.to_patient(), assessment.to_markdown()):
        assert not controls(text)
        assert len(text.splitlines()[0]) < 1_000


def test_markdown_holds_no_markup_of_others(assessment: Assessment) -> None:
    text = assessment.to_markdown()
    assert "\\<script\\>" in text
    assert "<script" not in text.replace("\\<script", "")
    assert "](javascript" not in text.replace("\\](javascript", "").replace("\\]\\(javascript", "")


def test_a_rich_tree_reads_no_markup(assessment: Assessment) -> None:
    console = Console(width=400, force_terminal=False)
    with console.capture() as captured:
        console.print(assessment)
    assert not controls(captured.get())


def test_the_hostile_case_of_the_browser_test_can_be_read(engine: Engine) -> None:
    assert assess(ROOT / "tests/report/hostile.yaml", engine=engine).case.case.startswith("<script>")
