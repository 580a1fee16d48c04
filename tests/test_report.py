"""The report: it names exactly what its proofs name, is one inert file, and is the same every time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import Named, read
from rich.console import Console
from sijoint.explain.certainty import TO_CONFIRM, weakest_links
from sijoint.explain.estimates import estimates_of, post_test_probability
from sijoint.explain.page import build_page
from strategies import cases, knowledge_bases
from typer.testing import CliRunner

from sijoint import Engine, assess
from sijoint.cli import app

Golden = Callable[[str, str], None]
SMALL = [path for path in EXAMPLES if path.stem in {"neither", "red-flag"}]
MOST_BYTES = 400_000


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_page_names_exactly_the_facts_of_its_proofs(path: Path, engine: Engine) -> None:
    assessment = assess(path, engine=engine)
    reader = read(assessment.to_html())
    expected = Named(assessment).entries()
    for conclusion, names in expected.items():
        assert Counter(reader.ids[f"why-{conclusion}"]) == names, conclusion


@given(st.data())
@settings(max_examples=40)
def test_a_page_of_random_knowledge_names_exactly_the_facts_of_its_proofs(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    case = data.draw(cases(knowledge))
    assessment = assess(case, engine=Engine(knowledge, ("compiled", "reference")))
    reader = read(assessment.to_html())
    for conclusion, names in Named(assessment).entries().items():
        assert Counter(reader.ids[f"why-{conclusion}"]) == names, conclusion


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_auditor_reads_the_same_ids_as_the_page(path: Path, engine: Engine) -> None:
    assessment = assess(path, engine=engine)
    part = assessment.to_audit().split("CONCLUSIONS AND WHY")[1].split("\n\n")[0]
    bracketed = {name for group in re.findall(r"\[([^\[\]]+)\]", part) for name in group.split()}
    named = {name for names in Named(assessment).entries().values() for name in names}
    assert named <= bracketed
    knowledge = assessment.knowledge
    known = knowledge.rule_by_id.keys() | knowledge.conclusion_by_id.keys() | knowledge.finding_by_id.keys()
    assert bracketed & known <= named


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_page_is_one_file_without_scripts_and_small(path: Path, engine: Engine) -> None:
    html = assess(path, engine=engine).to_html()
    reader = read(html)
    assert len(html.encode()) < MOST_BYTES
    assert not {"script", "iframe", "img", "object", "form"} & {tag for tag, _ in reader.tags}
    links = [found[name] for _, found in reader.tags for name in ("href", "src") if name in found]
    assert all(link and link.startswith(("#", "data:,")) for link in links)
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_link_leads_somewhere_and_headings_descend_by_one(path: Path, engine: Engine) -> None:
    reader = read(assess(path, engine=engine).to_html())
    for _, found in reader.tags:
        target = found.get("href") or ""
        assert not target.startswith("#") or target[1:] in reader.ids, target
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_same_case_gives_the_same_bytes(engine: Engine) -> None:
    path = EXAMPLES[0]
    assert assess(path, engine=engine).to_html() == assess(path, engine=engine).to_html()


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_the_page_of_an_example(path: Path, engine: Engine, golden: Golden) -> None:
    golden(f"html/{path.stem}.html", assess(path, engine=engine).to_html())


def test_contradictions_come_first_and_an_emergency_allows_no_delay(engine: Engine) -> None:
    answers = {"one_sided_pain": True, "pain_side": "both"}
    calm = build_page(assess({"findings": answers}, engine=engine))
    grave = build_page(assess({"findings": answers | {"saddle_numbness": True}}, engine=engine))
    assert calm.banner[0].label == "Contradiction"
    assert [node.label for node in grave.banner[:2]] == ["Contradiction", "Urgency"]
    assert not grave.lead


def test_an_overdue_citation_is_flagged(engine: Engine) -> None:
    keys = {key for rule in engine.knowledge.rules for key in rule.source}
    due = [item for item in engine.knowledge.references if item.id in keys and item.review_by]
    assert due, "no cited reference says when it is to be looked at again"
    case = {"case": "later", "as_of": date(2099, 1, 1), "findings": {"one_sided_pain": True, "saddle_numbness": True}}
    late, soon = (assess(case | {"as_of": day}, engine=engine) for day in (date(2099, 1, 1), date(2026, 11, 22)))
    assert "review was due" in late.to_html()
    assert "REVIEW WAS DUE" in str(late)
    assert "review was due" not in soon.to_html().lower()


def test_a_conclusion_is_as_sure_as_its_weakest_link(engine: Engine) -> None:
    assessment = assess(ROOT / "docs/examples/red-flag.yaml", engine=engine)
    links = weakest_links(assessment.trace, assessment.knowledge)
    assert links["cauda_equina_raised"] == "V"
    assert links["disposition"] in TO_CONFIRM
    assert "needs clinical confirmation" in str(assessment)


def test_an_estimate_is_a_range_for_each_published_figure(engine: Engine) -> None:
    grades = {item.shown_with: "given" for item in engine.knowledge.estimates}
    results = estimates_of(engine.knowledge, grades)
    assert len(results) == len(engine.knowledge.estimates) > 0
    for result in results:
        assert len(result.variants) > 1, "pooled and first-generation figures stand side by side"
        for variant in result.variants:
            low, high = variant.post_test
            exact = post_test_probability(result.pre_test, variant.likelihood_ratio)
            assert low <= exact[0] < exact[1] <= high
            assert high - low > 0.05


def test_an_estimate_appears_in_text_page_and_json_with_its_conclusion(engine: Engine) -> None:
    tested = (item for item in engine.knowledge.cases if "thigh_thrust" in item.findings)
    each = (assess({"case": item.case, "findings": item.findings}, engine=engine) for item in tested)
    assessment = next(item for item in each if any(name.startswith("sij_cluster_positive") for name in item.grades))
    assert "WHAT THE TESTS CHANGE" in str(assessment)
    assert "10 to 40% before to" in str(assessment)
    assert "10 to 40% before to" in assessment.to_html()
    assert assessment.document().estimates
    plain = assess({"findings": {"one_sided_pain": True}}, engine=engine)
    assert not plain.document().estimates
    assert "likelihood ratio" not in str(plain)


def test_changes_that_lower_the_urgency_are_for_the_auditor_alone(engine: Engine) -> None:
    assessment = assess(ROOT / "docs/examples/red-flag.yaml", engine=engine)
    assert "re-examine" in assessment.to_audit()
    assert "re-examine" not in assessment.to_html()
    assert "re-examine" not in assessment.to_markdown()


def test_a_terminal_tree_and_a_notebook_answer(engine: Engine) -> None:
    assessment = assess(ROOT / "docs/examples/red-flag.yaml", engine=engine)
    console = Console(width=120, file=None, record=True, quiet=False, force_terminal=False)
    with console.capture() as captured:
        console.print(assessment)
    assert "Emergency" in captured.get().splitlines()[1]
    html = assessment._repr_html_()
    assert html is not None
    assert "Emergency" in html
    read(html)


def test_the_command_writes_every_format(tmp_path: Path) -> None:
    case = str(ROOT / "docs/examples/neither.yaml")
    runner = CliRunner()
    for name, start in (
        ("html", "<!DOCTYPE html>"),
        ("markdown", "# Assessment"),
        ("audit", "Assessment of"),
        ("patient", "Some safety"),
    ):
        path = tmp_path / name
        result = runner.invoke(app, ["report", case, "-o", str(path), "--format", name])
        assert result.exit_code == 0, result.output
        assert path.read_text().lstrip().startswith(start)
    assert runner.invoke(app, ["report", case, "-o", str(tmp_path / "no" / "where.html")]).exit_code == 2
    assert "Some safety" in runner.invoke(app, ["assess", case, "--audience", "patient"]).output


@pytest.mark.parametrize("by", ["Dr None", "None", None])
@pytest.mark.parametrize("method", ["contrast agent: None", "None", "CT", None])
@pytest.mark.parametrize("on", ["2026-01-05", None])
def test_who_recorded_a_value_is_said_as_it_was_given(by: str | None, method: str | None, on: str | None, engine: Engine) -> None:
    given = {"value": True, "recorded_by": by, "recorded_on": on, "method": method}
    case = {"as_of": "2026-11-22", "findings": {"saddle_numbness": {key: value for key, value in given.items() if value}}}
    said = "; ".join(part for part in (by and f"by {by}", on and f"on {on}", method) if part)
    part = assess(case, engine=engine).to_audit().split("CONCLUSIONS AND WHY")[1].split("\n\n")[0]
    _, *ends = " ".join(part.split()).split("new numbness in the saddle area ")
    assert any(end.startswith(f"(recorded {said}) [saddle_numbness]" if said else "[saddle_numbness]") for end in ends)
