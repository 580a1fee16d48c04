from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from conftest import ROOT
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.explain.analysis_text import reasons_in_words
from sijoint.explain.answers import Answer
from sijoint.explain.questions import Effect, NextQuestion
from sijoint.explain.schemas import SCHEMAS, schema_of
from sijoint.explain.session import Session
from sijoint.explain.what_if import Shifts
from sijoint.explain.wording import Words
from typer.testing import CliRunner

from sijoint import load_knowledge
from sijoint.cli import app
from sijoint.interviewing import Interview, read_answer


def _run(engine: Engine, typed: list[str]) -> tuple[Session, list[str]]:
    session, said = Session(engine=engine), []
    waiting = iter(typed)
    Interview(session, Words(engine.knowledge), lambda question: next(waiting, "q"), said.append).run()
    return session, said


def test_answers_are_recorded_and_conclusions_appear(engine: Engine) -> None:
    core = next(screen.ask for screen in engine.knowledge.screens if screen.ask)
    session, said = _run(engine, ["n", "y"])
    assert session.case.values == {core[0]: False, core[1]: True}
    assert any("urgency: emergency" in line for line in said)


def test_a_skipped_question_is_not_asked_again_and_back_brings_it_back(engine: Engine) -> None:
    core = next(screen.ask for screen in engine.knowledge.screens if screen.ask)
    session, _ = _run(engine, ["s", "n"])
    assert session.case.values == {core[1]: False}
    session, _ = _run(engine, ["s", "b", "n"])
    assert session.case.values == {core[0]: False}
    session, said = _run(engine, ["n", "b", "y"])
    assert session.case.values == {core[0]: True}
    _, said = _run(engine, ["b"])
    assert any("first question" in line for line in said)


def test_says_why_it_asks(engine: Engine) -> None:
    session, said = _run(engine, ["?"])
    assert session.case.values == {}
    assert any(line.startswith("  if yes: urgency emergency") for line in said)


def test_asks_again_after_an_answer_that_cannot_be_read(engine: Engine) -> None:
    core = next(screen.ask for screen in engine.knowledge.screens if screen.ask)
    session, said = _run(engine, ["perhaps", "", "y"])
    assert session.case.values == {core[0]: True}
    assert sum("cannot be read" in line for line in said) == 2


def test_ends_when_nothing_that_matters_is_left(engine: Engine) -> None:
    session, said = Session(engine=engine), []
    asked: list[str] = []

    def no_to_everything(question: str) -> str:
        asked.append(question)
        return "n" if question.endswith("(y/n)") else "s"

    Interview(session, Words(engine.knowledge), no_to_everything, said.append).run()
    assert said[-1] == "Nothing that matters is left to ask."
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(("typed", "value"), [("Y", True), ("no", False), ("2", None), ("", None)])
def test_reads_yes_and_no(engine: Engine, typed: str, value: object) -> None:
    assert read_answer(engine.knowledge.finding_by_id["saddle_numbness"], typed) is value


def test_reads_choices_by_number_or_name_and_numbers(engine: Engine) -> None:
    choice = next(item for item in engine.knowledge.findings if item.type == "choice")
    assert read_answer(choice, "1") == choice.choices[0] == read_answer(choice, choice.choices[0].upper())
    assert read_answer(choice, "99") is None
    amount = next(item for item in engine.knowledge.findings if item.type == "number")
    assert read_answer(amount, "21.0") == 21
    assert read_answer(amount, "many") is None


def test_the_command_saves_the_case(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "case.yaml"
    result = CliRunner().invoke(app, ["interview", "-o", str(path)], input="n\ny\nq\n")
    assert result.exit_code == 0, result.output
    core = next(screen.ask for screen in engine.knowledge.screens if screen.ask)
    assert dict(read_case(path, engine.knowledge).values) == {core[0]: False, core[1]: True}
    again = CliRunner().invoke(app, ["interview", str(path)], input="")
    assert again.exit_code == 0, again.output


COMMANDS = {
    "why": ["instability"],
    "why-not": ["force_transfer"],
    "what-if": ["recent_fall=no", "saddle_numbness=yes"],
    "contrast": ["instability", "force_transfer"],
    "counterfactuals": ["force_transfer", "--to", "holds"],
    "settled": ["instability"],
    "ask": ["-n", "2"],
    "arguments": [],
}


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(
        "as_of: 2026-03-01\n"
        "findings: {one_sided_pain: yes, dimple_pain: yes, worse_rolling_in_bed: yes, sharp_pain: yes, recent_fall: yes}\n"
    )
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_answers_in_words_and_as_json_of_its_schema(case_file: Path, command: str) -> None:
    words = CliRunner().invoke(app, [command, str(case_file), *COMMANDS[command]])
    assert words.exit_code == 0, words.output
    assert words.stdout.strip()
    document = CliRunner().invoke(app, [command, str(case_file), *COMMANDS[command], "--json"])
    assert document.exit_code == 0, document.output
    jsonschema.validate(json.loads(document.stdout), json.loads(schema_of(command)))
    again = CliRunner().invoke(app, [command, str(case_file), *COMMANDS[command], "--json"])
    assert again.stdout == document.stdout
    assert command in SCHEMAS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["why", "force_transfer"], "was not derived"),
        (["why", "nothing"], "unknown conclusion"),
        (["why-not", "instability"], "was derived"),
        (["contrast", "instability", "nothing"], "unknown conclusion"),
        (["counterfactuals", "instability", "--to", "high"], "no goal"),
        (["counterfactuals", "instability", "--to", "fails", "--only", "nothing"], "unknown finding"),
        (["settled", "instability", "--grade", "high"], "has no grade"),
        (["what-if", "nothing=yes"], "unknown finding"),
        (["what-if", "sharp_pain"], "write finding=value"),
    ],
)
def test_a_question_that_cannot_be_asked_is_bad_input(case_file: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, [arguments[0], str(case_file), *arguments[1:]])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("label", ["kind of work", "work: what kind", "a: b: c"])
def test_a_label_with_a_colon_leaves_the_answers_whole(label: str, tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "tests" / "packs" / "clinic", tmp_path / "clinic")
    wording = folder / "wording" / "en.yaml"
    wording.write_text(wording.read_text().replace("label: side of the pain", f'label: "{label}"'))
    words = Words(load_knowledge(folder))
    unchanged = Shifts(
        changes=(), gained=(), lost=(), regraded=(), disposition_before="a", disposition_after="a", re_examine=False
    )
    effects = tuple(Effect(answer=Answer(finding="pain_side", value=name), shifts=unchanged) for name in ("left", "both"))
    asked = NextQuestion(finding="pain_side", level="nearer", screen=None, conclusions=("joint",), effects=effects)
    assert [line.partition(": ")[0] for line in reasons_in_words(asked, words)] == ["if left", "if both sides"]
