"""The command line: results on stdout, messages on stderr, status 0 done, 1 a check failed, 2 bad input; no traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EXAMPLES, HERE
from typer.testing import CliRunner, Result

from sijoint import Engine, EvaluatorDisagreement, KnowledgeBase, assess
from sijoint.cli import app

CLINIC = HERE / "packs" / "clinic"
CASE = next(path for path in EXAMPLES if path.stem == "textbook-instability")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(item) for item in arguments])


def process(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sijoint.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, cwd="/", timeout=120, check=False)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_assess_prints_the_explained_answer(path: Path, knowledge: KnowledgeBase) -> None:
    result = run("assess", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == str(assess(path, knowledge=knowledge))
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_assess_prints_the_same_json_as_the_library(knowledge: KnowledgeBase) -> None:
    result = run("assess", CASE, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == assess(CASE, knowledge=knowledge).to_json()


def test_assess_prints_the_proof_of_one_conclusion() -> None:
    result = run("assess", CASE, "--why", "instability")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "[instability: likely]" in result.stdout.splitlines()[0]
    assert "rule si_joint_article/" in result.stdout


def test_why_of_what_was_not_derived_is_bad_input() -> None:
    result = run("assess", CASE, "--why", "instabilty")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean instability?" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"findings: {no_such_finding: yes, symptom_days: -1}", "2 problems in the case:"),
        (b"", "1 problem in the case:"),
        (b"- a list", "1 problem in the case:"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"findings: {" + b"[" * 5000, "1 problem in the case:"),
    ],
    ids=["two_mistakes", "empty", "list", "not_utf8", "nested"],
)
def test_a_bad_case_is_a_message_and_status_2(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(content)
    result = process("assess", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_case_that_is_not_there_is_bad_input() -> None:
    result = process("assess", "/no/such/case.yaml")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.endswith("[C001]\n")


def test_packs_that_cannot_be_used_are_bad_input(tmp_path: Path) -> None:
    result = run("assess", CASE, "--packs", tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no such folder" in result.stderr


def test_packs_of_another_clinic_answer_alone(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("as_of: 2026-03-01\nfindings: {lifted: yes, days: 3}\n")
    result = run("assess", tmp_path / "case.yaml", "-p", CLINIC)
    assert result.exit_code == 0
    assert "A strain is likely." in result.stdout
    assert "si_joint" not in result.stdout


def test_a_disagreement_gives_no_answer_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def disagree(self: Engine, case: object, whole: object = None) -> None:
        raise EvaluatorDisagreement({"durable": 1, "compiled": 2}, "case: x")

    monkeypatch.setattr(Engine, "infer", disagree)
    result = run("assess", CASE)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no answer" in result.stderr


def test_check_passes_on_packs_in_order() -> None:
    result = run("check", CLINIC)
    assert (result.exit_code, result.stdout) == (0, "7 rules, 7 findings, 6 cases: 0 problems\n")


def test_check_fails_on_a_mistake(tmp_path: Path) -> None:
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    (folder / "more.yaml").write_text("- {id: more, title: More, when: feverr, then: on_hold, source: [S1]}\n")
    result = run("check", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean fever? [K004]" in result.stderr


def test_check_fails_on_a_rule_without_cases(tmp_path: Path) -> None:
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    (folder / "more.yaml").write_text("- {id: more, title: More, when: fever, then: on_hold, source: [S1]}\n")
    result = run("check", folder)
    assert result.exit_code == 1
    assert result.stdout.startswith("8 rules, 7 findings, 6 cases: ")
    assert result.stderr.count("[K021]") == 2


def test_coverage_ends_with_the_line_that_says_so() -> None:
    result = run("coverage")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "80 of 80 statements covered"


def test_coverage_fails_where_a_statement_is_not_used(tmp_path: Path) -> None:
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    (folder / "more.references.yaml").write_text("- {id: S3, kind: statement, document: clinic-letter, claim: rest}\n")
    result = run("coverage", "-p", folder)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "2 of 3 statements covered"
    assert "NOT COVERED" in result.stdout


def test_findings_lists_every_finding_with_its_question(knowledge: KnowledgeBase) -> None:
    result = run("findings")
    assert result.exit_code == 0
    assert all(f"  {item.id}  (" in result.stdout for item in knowledge.findings)
    assert result.stdout.count("?\n") + result.stdout.count("? (") >= len(knowledge.findings) // 2


def test_rules_lists_every_rule_and_prints_one_in_words(knowledge: KnowledgeBase) -> None:
    listed = run("rules").stdout
    assert all(rule.title in listed for rule in knowledge.shown_rules)
    for name in ("force_transfer_possible_by_one", "si_joint_article/force_transfer_possible_by_one"):
        result = run("rules", name)
        assert result.exit_code == 0
        assert "source\n" in result.stdout
        assert "our reading: " in result.stdout


def test_every_rule_reads_in_words(knowledge: KnowledgeBase) -> None:
    from sijoint.explain.catalogue import render_rule

    for rule in knowledge.rules:
        text = render_rule(knowledge, rule.id)
        assert text.startswith(f"{rule.id}  ({rule.file}:{rule.line})\n")
        assert all(key in text for key in rule.source)


def test_an_unknown_rule_is_bad_input() -> None:
    result = run("rules", "force_transfer_posible_by_one")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown rule" in result.stderr


@pytest.mark.parametrize("which", ["case", "assessment"])
def test_schema_prints_json(which: str) -> None:
    result = run("schema", which)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == f"sijoint.{which}/1"


def test_an_unknown_schema_is_bad_input() -> None:
    result = run("schema", "report")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no schema called report; choose from " in result.stderr


def test_program_prints_readable_python_with_every_rule(knowledge: KnowledgeBase) -> None:
    result = run("program")
    assert result.exit_code == 0
    compile(result.stdout, "program", "exec")
    assert all(rule.id in result.stdout for rule in knowledge.rules)


@pytest.mark.parametrize("arguments", [("--help",), ("assess", "--help"), ("check", "--help")])
def test_help_is_a_result(arguments: tuple[str, ...]) -> None:
    result = process(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Usage" in result.stdout


@pytest.mark.parametrize("arguments", [("asses",), ("assess",), ("assess", "a.yaml", "--jsn"), ("assess", "a.yaml", "b.yaml")])
def test_wrong_arguments_are_bad_input(arguments: tuple[str, ...]) -> None:
    result = process(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Usage" in result.stderr


def test_no_colour_where_none_is_wanted() -> None:
    plain = process("assess", CASE, NO_COLOR="1", FORCE_COLOR="")
    forced = process("assess", "/no/such/case.yaml", NO_COLOR="1", FORCE_COLOR="1")
    assert "\x1b" not in plain.stdout + plain.stderr + forced.stdout + forced.stderr


def test_one_id_is_one_id_everywhere(knowledge: KnowledgeBase) -> None:
    """The ids in the text, the JSON and the YAML are the same, and so are their grades."""
    assessment = assess(CASE, knowledge=knowledge)
    document = json.loads(assessment.to_json())
    printed = re.findall(r"\[([a-z0-9_.]+): ([a-z_]+)\]", " ".join(str(assessment).split()))
    assert len(printed) > 20
    assert set(printed) <= {(item["id"], item["grade"]) for item in document["conclusions"]}
    assert {item["id"] for item in document["conclusions"]} <= set(knowledge.conclusion_by_id)
    assert {item["rule"] for item in document["firings"]} <= set(knowledge.rule_by_id)
