"""What commands print cannot steer a terminal and is whole, or the exit status says so; files are whole or as they were."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import yaml
from conftest import EXAMPLES, HERE
from rich.console import Console
from typer.testing import CliRunner, Result

from sijoint import Engine, assess, load_knowledge
from sijoint.cli import app
from sijoint.printer import escaped
from sijoint.writer import WriteError, tried, tried_folder, write_text, writing

CLINIC = HERE / "packs" / "clinic"
CASE = next(path for path in EXAMPLES if path.stem == "textbook-instability")
STEERING = "\x1b[2J\x1b]0;title\x07\r\b\x00\x7f\x9b31m\x85\u202e\u2066\u200b\u200f\ufeff\u2028\u2029"
WORDS = {"title", "because", "interpretation", "label", "question", "text", "patient", "citation", "claim", "intended_use",
         "misuse", "says", "note", "purpose"}  # fmt: skip


def run(*arguments: object, **more: Any) -> Result:
    return CliRunner().invoke(app, [str(item) for item in arguments], **more)


def steering(text: str) -> set[str]:
    """Characters other than the end of a line that do something in place of being seen."""
    return {f"U+{ord(c):04X}" for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


def hostile(content: Any, key: str = "", wording: bool = False) -> Any:
    """What a file holds, with control sequences in every text that is shown."""
    if isinstance(content, dict):
        inside = key in {"choices", "kinds", "grades"} and wording
        return {
            name: hostile(value, "text" if inside and isinstance(value, str) else name, wording)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [hostile(item, key, wording) for item in content]
    return content + STEERING if isinstance(content, str) and key in WORDS else content


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clinic's pack with control sequences in its words."""
    folder = shutil.copytree(CLINIC, tmp_path_factory.mktemp("hostile") / "clinic")
    for path in folder.rglob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump(hostile(content, wording="wording" in path.parts), sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with control sequences in its name, its notes, its author and its file's name."""
    told = {"value": True, "recorded_by": STEERING, "recorded_on": "2026-02-01", "method": STEERING, "note": STEERING}
    document = {"case": f"a{STEERING}b", "as_of": "2026-03-01", "findings": {"lifted": told, "days": {**told, "value": 3}}}
    path = tmp_path_factory.mktemp("cases") / "case\x1b[31m\u202e.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def commands(case: Path, pack: Path) -> Iterator[tuple[str, ...]]:
    """Every command, in words and as JSON, and its refusals."""
    knowledge = load_knowledge(pack, cases=False)
    derived = assess(case, engine=Engine(knowledge, ("compiled", "reference"))).conclusions[0].id
    other = next(item.id for item in knowledge.conclusions if item.id != derived)
    for command, more in {
        "assess": (), "why": (derived,), "why-not": (other,), "what-if": ("lifted=no",), "contrast": (derived, other),
        "counterfactuals": (derived, "--to", "fails"), "settled": (derived,), "ask": (), "arguments": (),
    }.items():  # fmt: skip
        for form in ((), ("--json",)):
            yield command, str(case), *more, *form, "-p", str(pack)
        yield command, str(case) + STEERING, *more, "-p", str(pack)
    for audience in ("clinician", "patient", "auditor"):
        yield "assess", str(case), "--audience", audience, "-p", str(pack)
    yield "assess", str(case), "--why", derived, "-p", str(pack)
    yield "assess", str(case), "--why", STEERING, "-p", str(pack)
    for format in ("html", "markdown", "audit", "patient"):
        yield "report", str(case), "-f", format, "-p", str(pack)
    for command in ("findings", "rules", "coverage", "program"):
        yield command, "-p", str(pack)
    yield "rules", next(iter(knowledge.rules)).id, "-p", str(pack)
    yield "rules", STEERING, "-p", str(pack)
    yield "check", str(pack)
    yield "check", STEERING.replace("\x00", "")
    yield ("self-check",)
    yield "explain-code", STEERING
    yield "schema", STEERING
    yield "diff", str(CLINIC), str(pack)
    yield "prove", "-p", str(pack)
    yield "cases", "--mcdc", "-p", str(pack)
    yield "mutate", "--shown", "1", "-p", str(pack)
    yield (STEERING,)
    yield "assess", str(case), "--no" + STEERING
    yield "assess", str(case), STEERING, STEERING


def test_nothing_that_steers_a_terminal_is_printed_by_any_command(case: Path, pack: Path) -> None:
    seen = set()
    for arguments in commands(case, pack):
        result = run(*arguments)
        assert steering(result.stdout + result.stderr) == set(), arguments
        assert result.exception is None or isinstance(result.exception, SystemExit), arguments
        assert result.exit_code in {0, 1, 2}, arguments
        seen.add(arguments[0])
    assert "[U+001B]" in run("assess", case, "-p", pack).stdout
    named = {item.name or str(getattr(item.callback, "__name__", "")).replace("_", "-") for item in app.registered_commands}
    assert named - seen == {"batch", "columns", "interview", "certify"}


def test_batch_and_interview_print_nothing_that_steers_a_terminal(case: Path, pack: Path, tmp_path: Path) -> None:
    lines = tmp_path / "cases.jsonl"
    lines.write_text(json.dumps({"case": STEERING, "findings": {"lifted": True}}) + '\n{"findings": {"\\u001b": 1}}\n')
    result = run("batch", lines, "-p", pack)
    assert steering(result.stdout + result.stderr) == set()
    assert json.loads(result.stdout.splitlines()[0])["case"] == STEERING.strip()
    result = run("interview", case, "-p", pack, input=f"?\n{STEERING}\ny\nb\ns\nq\n")
    assert result.exit_code == 0
    assert steering(result.stdout + result.stderr) == set()


def test_every_renderer_gives_harmless_text(case: Path, pack: Path) -> None:
    from sijoint.explain.catalogue import render_coverage, render_findings, render_rules
    from sijoint.explain.text import render_why

    knowledge = load_knowledge(pack, cases=False)
    found = assess(case, engine=Engine(knowledge, ("compiled", "reference")))
    console = Console(width=300)
    with console.capture() as tree:
        console.print(found)
    texts = [str(found), found.to_audit(), found.to_patient(), found.to_markdown(), found.to_html(), tree.get()]
    texts += [render_why(found, found.conclusions[0].id), render_findings(knowledge), render_rules(knowledge)]
    texts += [render_coverage(knowledge)[0]]
    assert [steering(text) for text in texts] == [set()] * len(texts)


def test_json_says_the_same_with_escapes() -> None:
    for char in STEERING + "\U000e0001\ud800ü≥":
        text = json.dumps(f"a{char}b", ensure_ascii=False)
        assert json.loads(escaped(text)) == f"a{char}b"
        assert steering(escaped(text)) == set()


# Files -------------------------------------------------------------------------------------------------------------------


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def half(path: Path, error: type[BaseException]) -> None:
    with writing(path) as stream:
        stream.write(b"half")
        stream.flush()
        raise error


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    path.chmod(0o640)
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error):
            half(path, error)
        assert path.read_text() == "before"
    assert left(tmp_path) == ["page.html"]
    (tmp_path / "link").symlink_to(path)
    write_text(tmp_path / "link", "after")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after", 0o640)
    assert (tmp_path / "link").is_symlink()
    assert left(tmp_path) == ["link", "page.html"]


def test_a_path_that_takes_no_file_is_refused_before_the_work(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_text("a file")
    for path in (
        tmp_path,
        tmp_path / "fifo",
        Path("/dev/null"),
        tmp_path / "file" / "x",
        tmp_path / "no" / "x",
        Path("a\0b"),
        Path("x" * 300),
    ):
        for attempt in (lambda path=path: tried(path), lambda path=path: write_text(path, "")):
            with pytest.raises(WriteError, match="cannot be written"):
                attempt()
    for folder in (tmp_path / "file", Path("a\0b")):
        with pytest.raises(WriteError):
            tried_folder(folder)
    tried(None, tmp_path / "new", tmp_path / "file")
    assert left(tmp_path) == ["fifo", "file"]
    assert (tmp_path / "file").read_text() == "a file"


@pytest.mark.parametrize(
    "arguments",
    [("report", CASE, "-o"), ("interview", "--save"), ("prove", "--examples"), ("prove", "--export"), ("cases", "--html"),
     ("mutate", "--write"), ("certify", "--as-of", "2026-01-01")],
    ids=lambda item: item[0],
)  # fmt: skip
def test_each_command_tries_its_file_first(
    arguments: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sijoint.knowledge.loader as loader

    monkeypatch.setattr(loader, "load_knowledge", lambda *_, **__: pytest.fail("the work began"))
    (tmp_path / "file").write_text("a file")
    result = run(*arguments, tmp_path / "file" / "x", input="y\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be written" in result.stderr


def test_answers_that_cannot_be_saved_are_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from sijoint.commands import explaining

    def full(path: Path, text: str) -> None:
        raise WriteError("no space left")

    monkeypatch.setattr(explaining, "write_text", full)
    result = run("interview", "--save", tmp_path / "x", input="y\nq\n")
    assert result.exit_code == 2
    assert yaml.safe_load(result.stdout[result.stdout.index("schema:") :])["findings"]


# The process -------------------------------------------------------------------------------------------------------------


def shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    line = line.replace("sijoint", f"{sys.executable} -m sijoint")
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env={**os.environ, **env}, timeout=120)


@pytest.mark.parametrize("env", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    ("line", "status"),
    [("sijoint findings > /dev/full", 2), ("sijoint findings >&-", 2), ("sijoint --help > /dev/full", 2),
     ("sijoint program | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 141), ("sijoint explain-code K012 2>&-", 0),
     ("ulimit -f 1; sijoint findings > big", 2)],
)  # fmt: skip
def test_output_that_is_not_whole_has_a_status(line: str, status: int, env: dict[str, str], tmp_path: Path) -> None:
    done = shell(f"cd {tmp_path}; trap '' XFSZ; {line}", **env)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert bool(done.stderr) is (status == 2)


@pytest.mark.parametrize("end", ["<&-", "</dev/zero", "< <(printf y)", "< <(printf 'y\\n\\xff\\n')"])
def test_an_interview_without_input_ends_politely_and_saves(end: str, tmp_path: Path) -> None:
    done = shell(f"sijoint interview --save {tmp_path}/case.yaml {end}")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    told = yaml.safe_load((tmp_path / "case.yaml").read_text())["findings"]
    assert len(told) == ("y" in end)


def until_asked(stream: IO[str], after: str) -> str:
    """What is printed until the first question after some words waits for its answer."""
    said = ""
    while after not in said or not said.endswith("): "):
        char = stream.read(1)
        assert char, said
        said += char
    return said


def test_an_interrupt_is_one_line_and_saves_what_was_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sijoint", "interview", "--save", str(tmp_path / "case.yaml")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write("y\n")
        running.stdin.flush()
        assert until_asked(running.stdout, "urgency: ").count("(y/n): ") >= 2
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert len(yaml.safe_load((tmp_path / "case.yaml").read_text())["findings"]) == 1


@pytest.mark.parametrize("command", ["prove", "findings", "check"])
def test_an_interrupt_anywhere_is_status_130(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sijoint.knowledge.loader as loader

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for name in ("load_knowledge", "load_unsealed"):
        monkeypatch.setattr(loader, name, interrupt)
    result = run(command)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
