"""Diagnostics: each planted fault is found under its code, sound knowledge has none, and every code has its page."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sijoint.engine import reference
from sijoint.knowledge.card import attributes_of, card_problems
from sijoint.knowledge.explained import codes, explain_code
from sijoint.knowledge.language import KnowledgeBase
from sijoint.knowledge.lint import lint
from sijoint.knowledge.loader import load_knowledge
from sijoint.knowledge.possible import Possible
from small_pack import changed_rule, load, parts, rule, write, yes_no
from strategies import knowledge_bases
from test_prove import everyone
from typer.testing import CliRunner

from sijoint.cli import app

ROOT = Path(__file__).parents[1]


def with_rule(**item: Any) -> dict[str, Any]:
    pack = parts()
    return {**pack, "rules.yaml": [*pack["rules.yaml"], rule(**item)]}


def with_item(file: str, item: dict[str, Any]) -> dict[str, Any]:
    pack = parts()
    return {**pack, file: [*pack[file], item]}


def worded(pack: dict[str, Any], finding: str) -> dict[str, Any]:
    words = pack["wording/en.yaml"]
    return {
        **pack,
        "wording/en.yaml": {**words, "findings": {**words["findings"], finding: {"label": "idle", "question": "Idle?"}}},
    }


def said(patient: dict[str, str] | None = None, **words: Any) -> dict[str, Any]:
    """The pack with other words of some conclusions."""
    pack = parts()
    wording = pack["wording/en.yaml"]
    changed = {**wording, "conclusions": {**wording["conclusions"], **words}, **({"patient": patient} if patient else {})}
    return {**pack, "wording/en.yaml": changed}


def asked(**words: Any) -> dict[str, Any]:
    """The pack with other words of some findings."""
    pack = parts()
    wording = pack["wording/en.yaml"]
    return {**pack, "wording/en.yaml": {**wording, "findings": {**wording["findings"], **words}}}


OVER, UNDER = {"age": {"over": 50}}, {"age": {"under": 40}}
FAULTS = {
    "K022": changed_rule(parts(), "walking", when={"all": ["sore", OVER, UNDER]}),
    "K023": changed_rule(parts(), "walking", when={"all": ["sore", "held"]}),
    "K024": changed_rule(parts(), "two_alarm", then={"alarm": "now"}),
    "K025": worded(with_item("findings.yaml", yes_no("idle")), "idle"),
    "K026": changed_rule(parts(), "walking", when={"any": [{"known": "sore"}, {"unknown": "sore"}]}),
    "K027": changed_rule(parts(), "walking", when={"any": ["sore", {"all": [OVER, UNDER]}]}),
    "K028": changed_rule(parts(), "walking", when={"all": ["sore", OVER, {"age": {"over": 30}}]}),
    "K029": with_rule(name="again", when={"all": ["sore"]}, then="walk"),
    "K030": with_rule(name="narrow", when={"all": ["sore", "weak"]}, then="walk"),
    "K031": with_rule(name="weaker", when={"all": ["numb", "weak"]}, then={"alarm": "soon"}),
    "K033": changed_rule(
        parts(), "walking", when={"at_least": 3, "of": ["sore", "weak", "numb", {"known": "age"}]}, source=["S2"]
    ),
    "K034": with_item(
        "parameters.yaml", {"id": "idle", "value": 50, "unit": "x", "range": [0, 60], "checked": "2026-01-01", "source": ["S1"]}
    ),
    "K035": with_item("references.yaml", {"id": "idle", "kind": "paper", "doi": "10.1/x"}),
    "K036": with_item("references.yaml", {"id": "idle", "kind": "paper"}),
    "K037": with_rule(name="numb_alarms_too", when={"all": ["weak"]}, then={"alarm": "now"}, title="numb alarms"),
    "K038": {**parts(), "accepted.yaml": [{"code": "K030", "item": "rule small/gone", "because": "it was there"}]},
}
WORDED = {
    "K061": said(alarm={"label": "a", "text": "Within 14 days."}),
    "K063": said(walk={"label": "w", "text": "A cure is certain."}),
    "K064": asked(numb={"label": "x", "question": "Is there not an x?"}),
    "K065": said(patient={"flag": "Flag"}),
    "K068": asked(numb={"label": "numb", "question": "Is it weak?"}, weak={"label": "weak", "question": "Is it numb?"}),
    "K067": asked(numb={"label": "numb", "question": "Is the leg swollen?"}),
}
FAULTS |= WORDED
FAULTS["K033"]["references.yaml"] = [*parts()["references.yaml"], {"id": "S2", "kind": "statement", "claim": "some of them"}]


def found(knowledge: KnowledgeBase) -> set[str]:
    return {problem.code for problem in lint(knowledge)}


def test_sound_knowledge_has_no_diagnostic(tmp_path: Path) -> None:
    assert lint(load(tmp_path, parts())) == []


@pytest.mark.parametrize("code", FAULTS)
def test_finds_a_planted_fault(code: str, tmp_path: Path) -> None:
    assert code in found(load(tmp_path, FAULTS[code]))


def test_an_accepted_diagnostic_is_silent(tmp_path: Path) -> None:
    pack = {**FAULTS["K030"], "accepted.yaml": [{"code": "K030", "item": "rule small/narrow", "because": "two sources"}]}
    assert lint(load(tmp_path, pack)) == []


def test_a_review_is_due_only_on_its_day(tmp_path: Path) -> None:
    pack = parts()
    pack["references.yaml"][0]["review_by"] = date(2027, 1, 1)
    knowledge = load(tmp_path, pack)
    assert lint(knowledge, date(2027, 1, 1)) == []
    assert {problem.code for problem in lint(knowledge, date(2027, 1, 2))} == {"K032"}


def test_shipped_knowledge_has_no_diagnostic() -> None:
    assert lint(load_knowledge()) == []


def test_every_code_in_the_program_has_a_page() -> None:
    used = {code for folder in ("knowledge", "engine") for path in (ROOT / folder).glob("*.py")
            for code in re.findall(r'"([KC]\d{3})"', path.read_text(encoding="utf-8"))}  # fmt: skip
    assert used <= set(codes())
    for code in codes():
        page = explain_code(code)
        assert page.startswith(f"# {code}: ")
        assert "## How to fix it" in page


def test_card_names_every_empty_field(tmp_path: Path) -> None:
    pack = {**parts(), "card.yaml": {"users": "clinicians", "inputs": {}}}
    problems = card_problems(load(tmp_path, pack))
    empty = {problem.what.split()[0] for problem in problems if problem.code == "K039"}
    assert empty == {"population", "limits", "reviewed_by", "citation", "developer", "funding", "released"}
    assert any(problem.code == "K040" and "age" in problem.what for problem in problems)


def test_card_computes_the_use_of_inputs(tmp_path: Path) -> None:
    knowledge = load(tmp_path, {**parts(), "card.yaml": {"inputs": {"use_of_date_of_birth": ["age"]}}})
    attributes = {item.title: item.text for item in attributes_of(knowledge.cards[0], knowledge)}
    assert len(attributes) == 13
    assert attributes["Use of date of birth"] == "age, read by 1 rule"
    assert attributes["Use of race"] == "not used"


def test_check_release_fails_without_a_card(tmp_path: Path) -> None:
    root = write(tmp_path, parts())
    assert CliRunner().invoke(app, ["check", str(root)]).exit_code == 0
    result = CliRunner().invoke(app, ["check", "--release", str(root)])
    assert result.exit_code == 1
    assert "no knowledge card" in result.output


def test_explain_code_prints_the_page() -> None:
    assert CliRunner().invoke(app, ["explain-code", "K012"]).output.startswith("# K012: No source")
    assert CliRunner().invoke(app, ["explain-code", "K999"]).exit_code == 2


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(knowledge_bases(max_findings=4, later=False))
def test_never_calls_impossible_what_some_patient_shows(knowledge: KnowledgeBase) -> None:
    possible = Possible(knowledge)
    fired = {name for case in everyone(knowledge) for name in reference.evaluate(knowledge, case).fired}
    assert not {name for name, needs in possible.rules.items() if needs is None} & fired
