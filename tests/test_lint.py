"""Diagnostics: each planted fault is found under its code, sound knowledge has none, and every code has its page."""

from __future__ import annotations

import re
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sijoint.engine import reference
from sijoint.engine.suite import run_suite
from sijoint.explain.wording import Words
from sijoint.knowledge.card import attributes_of, card_problems
from sijoint.knowledge.conditions import All, Condition
from sijoint.knowledge.errors import Problem
from sijoint.knowledge.explained import codes, explain_code
from sijoint.knowledge.invariants import NoNegationError, negated
from sijoint.knowledge.language import KnowledgeBase, Rule
from sijoint.knowledge.lint import Lint, lint, meeting
from sijoint.knowledge.loader import load_knowledge
from sijoint.knowledge.possible import Possible
from small_pack import changed_rule, load, parts, rule, write, yes_no
from strategies import knowledge_bases
from test_prove import everyone
from typer.testing import CliRunner

from sijoint import Engine
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


def tiered(**more: Any) -> dict[str, Any]:
    """The pack with an urgency of two tiers that rests on the alarm, and a conclusion of the alarm changed by `more`."""
    pack = parts()
    urgency = {"id": "disposition", "kind": "flag", "grades": ["routine", "soon"], "source": ["S1"]}
    pack["conclusions.yaml"] = [{**item, **more} if item["id"] == "alarm" else item for item in pack["conclusions.yaml"]]
    pack["conclusions.yaml"].append(urgency)
    pack["rules.yaml"].append(rule("urgent", {"all": ["alarm"]}, {"disposition": "soon"}))
    said = {"label": "when", "grades": {"routine": "At leisure.", "soon": "Soon."}}
    pack["wording/en.yaml"]["conclusions"]["disposition"] = said
    return pack


def swapped_tiers() -> dict[str, Any]:
    pack = tiered()
    tiers = {"routine": "Come at leisure.", "soon": "Come today."}
    pack["wording/en.yaml"]["conclusions"]["disposition"]["patient"] = tiers
    return pack


def unshown_constraint(**case: Any) -> dict[str, Any]:
    """The pack with a constraint, and a case beside it or none."""
    never = {"id": "not_both", "never": ["weak", {"not": "sore"}], "because": "they go together"}
    return {**parts(), "constraints.yaml": [never], **({"constraints.cases.yaml": [case]} if case else {})}


FAULTS |= {"K060": unshown_constraint(), "K062": swapped_tiers(), "K066": tiered(within="held")}
TESTED_IN = {
    "K048": "test_scale.py",
    "K050": "test_integrity.py",
    "K051": "test_integrity.py",
    "K052": "test_integrity.py",
    "K053": "test_integrity.py",
    "K054": "test_integrity.py",
}
"""What is refused before anything could be diagnosed, or compared with a release: the tests that plant its faults."""


def found(knowledge: KnowledgeBase) -> set[str]:
    return {problem.code for problem in lint(knowledge)}


def test_sound_knowledge_has_no_diagnostic(tmp_path: Path) -> None:
    assert lint(load(tmp_path, parts())) == []


FAULTS["K032"] = parts()
FAULTS["K032"]["references.yaml"][0]["review_by"] = date(2027, 1, 1)
CARD = {"users": "clinicians", "inputs": {}}
FAULTS |= {code: {**parts(), "card.yaml": CARD} for code in ("K039", "K040")}


def reported(knowledge: KnowledgeBase) -> list[Problem]:
    """Every diagnostic, also those of the cases, of a release and of the day after every review was due."""
    found = [*lint(knowledge, date(2027, 1, 2)), *run_suite(knowledge, Engine(knowledge, ("compiled",))).problems]
    return [*found, *card_problems(knowledge)] if knowledge.cards else found


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_finds_a_planted_fault_and_says_so_in_full(code: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    message = "".join(f"{problem}\n" for problem in reported(load(tmp_path, FAULTS[code])) if problem.code == code)
    expected = ROOT / "tests" / "broken" / code / "message.txt"
    if request.config.getoption("--update-golden"):
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(message, encoding="utf-8")
    assert message
    assert message == expected.read_text(encoding="utf-8")


def test_every_diagnostic_has_a_planted_fault() -> None:
    assert {*FAULTS, *TESTED_IN} == {code for code in codes() if code >= "K022"}
    assert not FAULTS.keys() & TESTED_IN.keys()
    for code, name in TESTED_IN.items():
        assert f'"{code}"' in (ROOT / "tests" / name).read_text(encoding="utf-8")


BROKEN = {"case": "broken", "findings": {"weak": True, "sore": False}, "contradicts": ["not_both"]}


@pytest.mark.parametrize(
    ("case", "missing"),
    [
        ({}, ["no case that breaks it", "no near miss that keeps it"]),
        (BROKEN, ["no near miss that keeps it"]),
        ({**BROKEN, "near_misses": [{"weak": False}, {"sore": True}]}, []),
    ],
    ids=["no_case", "no_near_miss", "both"],
)
def test_a_constraint_wants_a_case_and_a_near_miss(case: dict[str, Any], missing: list[str], tmp_path: Path) -> None:
    problems = reported(load(tmp_path, unshown_constraint(**case)))
    assert [problem.what for problem in problems if problem.code == "K060"] == missing


CHOICES = ("yes", "no", "true", "false", "unknown", "none", "some")


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("where", ["all", "any", "none_of"])
def test_a_choice_is_not_taken_for_an_answer(choice: str, where: str, tmp_path: Path) -> None:
    """Whatever a choice is called, a rule that reads it can fire."""
    finding = {"id": "told", "type": "choice", "choices": [*CHOICES], "obtained_by": "history", "source": ["S1"]}
    pack = worded(with_item("findings.yaml", finding), "told")
    pack["wording/en.yaml"]["findings"]["told"]["choices"] = {name: f"{name}." for name in CHOICES}
    test: dict[str, Any] = {"told": {"none_of": [choice]}} if where == "none_of" else {"told": choice}
    when = {where: [test, "sore"]} if where != "none_of" else {"all": [test, "sore"]}
    assert found(load(tmp_path, changed_rule(pack, "walking", when=when))) == set()


def speaking(pack: dict[str, Any], text: str) -> dict[str, Any]:
    words = pack["wording/en.yaml"]
    spoken = {**words["conclusions"], "walk": {"label": "w", "text": text}}
    return {**pack, "wording/en.yaml": {**words, "conclusions": spoken}}


def with_parameters(*names: str) -> dict[str, Any]:
    item = {"unit": "years", "range": [0, 60], "checked": "2026-01-01", "source": ["S1"], "interpretation": "our choice"}
    more = ({"id": name, "value": 30 + number, **item} for number, name in enumerate(names))
    return {**parts(), "parameters.yaml": [*parts()["parameters.yaml"], *more]}


@pytest.mark.parametrize(
    ("names", "text", "unused"),
    [
        (("ol",), "Over {$old}.", {"ol"}),
        (("older",), "Over {$old}.", {"older"}),
        (("ol", "older"), "Over {$ol}, {$older}.", set()),
        (("ol",), "Over ${ol}.", {"ol"}),
        (("ol",), "Over $ol", {"ol"}),
        (("ol",), "Over {$ol", {"ol"}),
        (("ol",), "Over {ol}.", {"ol"}),
        (("ol",), "{$ol}", set()),
        (("ol",), "Over {{$ol}}.", set()),
    ],
)
def test_a_parameter_is_spoken_only_by_its_whole_name(
    names: tuple[str, ...], text: str, unused: set[str], tmp_path: Path
) -> None:
    knowledge = load(tmp_path, speaking(with_parameters(*names), text))
    assert {problem.item.removeprefix("parameter ") for problem in lint(knowledge) if problem.code == "K034"} == unused
    said = Words(knowledge).sentence("walk", "given")
    assert {name for number, name in enumerate(names) if f"{30 + number} years" not in said} == unused


@pytest.mark.parametrize("key", ["title", "interpretation", "because"])
def test_a_parameter_that_a_rule_names_in_a_sentence_is_used(key: str, tmp_path: Path) -> None:
    knowledge = load(tmp_path, changed_rule(with_parameters("ol"), "walking", **{key: "Over {$ol}."}))
    assert "K034" not in found(knowledge)


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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(knowledge_bases(max_rules=10, max_findings=3, max_conclusions=2, max_leaves=2, screens=False))
def test_the_index_of_rules_finds_every_pair_that_comparing_all_finds(knowledge: KnowledgeBase) -> None:
    run = Lint(knowledge)
    needs = run.possible.rules
    expected = {
        (rule.id, other.id)
        for rule, other in permutations(run.written, 2)
        if {part.conclusion for part in rule.then} & {part.conclusion for part in other.then}
        and needs[rule.id] is not None
        and (rule.when == other.when or run.possible.of_all((rule.when, *rule.blockers, negation(run, other))) is None)
    }
    assert {(rule.id, other.id) for rule, other in meeting(run, run.written)} == expected


def negation(run: Lint, rule: Rule) -> Condition:
    try:
        return negated(rule.when, run.possible.unsided)
    except NoNegationError:
        return All(of=())
