"""What the documents show is what happens: doctests, the README's examples, commands and screen, the language page."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from sijoint.engine.moments import moments_of
from sijoint.knowledge.reading import _MODELS, read_pack
from typer.testing import CliRunner

import sijoint
from sijoint import KnowledgeBase, assess, read_case
from sijoint.cli import app

README = ROOT / "README.md"
LANGUAGE = ROOT / "docs" / "knowledge-language.md"
OPTIONAL = {"jinja2", "numpy", "pyarrow", "z3"}


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def module_names() -> Iterator[str]:
    yield "sijoint"
    yield from (item.name for item in pkgutil.walk_packages(sijoint.__path__, "sijoint."))


@pytest.mark.parametrize("name", sorted(module_names()))
def test_the_examples_in_docstrings_are_right(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:  # an extra that is not installed
            raise
        return
    assert doctest.testmod(module).failed == 0


# README -----------------------------------------------------------------------------------------------------------------------


def test_the_program_in_the_readme_gives_the_values_it_names() -> None:
    (source,) = blocks(README.read_text(), "python")
    names: dict[str, Any] = {}
    checked = 0
    for node in ast.parse(source).body:
        code = ast.unparse(node)
        if not isinstance(node, ast.Expr):
            exec(code, names)
            continue
        _, _, said = source.splitlines()[(node.end_lineno or 1) - 1].partition("  # ")
        value = repr(eval(code, names))
        assert said == value or said.startswith(f"{value}:"), code
        checked += 1
    assert checked >= 4


def test_the_rule_in_the_readme_is_a_shipped_one(knowledge: KnowledgeBase) -> None:
    rule, case = (yaml.safe_load(block) for block in blocks(README.read_text(), "yaml"))
    (shown,) = rule
    (path,) = {rule.file for rule in knowledge.rules if rule.id.partition("/")[2] == shown["id"]}
    (shipped,) = (item for item in yaml.safe_load((ROOT / "knowledge" / "packs" / path).read_text()) if item["id"] == shown["id"])
    assert shown == {key: shipped[key] for key in shown}
    assert moments_of(read_case(case, knowledge), knowledge)[-1].values["saddle_numbness"] is True


def test_every_command_in_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    lines = [line[2:].partition("  #")[0] for block in blocks(README.read_text(), "console") for line in block.splitlines()]
    commands = [shlex.split(line) for line in lines if line.startswith("sijoint ")]
    assert commands
    for command in commands:
        assert CliRunner().invoke(app, command[1:]).exit_code == 0, command


def test_every_make_target_in_the_readme_exists() -> None:
    wanted = set(re.findall(r"^\$ make (\S+)", README.read_text(), re.M))
    assert {"demo", "test"} <= wanted
    assert wanted <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def test_every_command_named_in_the_readme_is_one() -> None:
    """In any form: in code spans, after a prompt, and where a list names several beside one another."""
    text = README.read_text()
    spans = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^\$ (.*)$", text, re.M)]
    named = {found for span in spans for found in re.findall(r"(?:^|\| )sijoint ([a-z][a-z-]*)", span)}
    for row in re.findall(r"^\| (`sijoint [^|]*) \|", text.replace("\\|", "/"), re.M):
        named |= {span.removeprefix("sijoint ").split()[0] for span in re.findall(r"`([^`]+)`", row)}
    assert len(named) > 15
    assert named <= {
        command.name or (command.callback.__name__.replace("_", "-") if command.callback else "")
        for command in app.registered_commands
    }


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for page in (README, *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


SHOWN = re.compile(r"(<!-- first-screen: (\S+) -->\n```text\n)(.*?)(^```$)", re.M | re.S)


def test_the_screen_in_the_readme_is_what_is_printed(knowledge: KnowledgeBase, request: pytest.FixtureRequest) -> None:
    match = SHOWN.search(README.read_text())
    assert match
    screen = str(assess(ROOT / match[2], knowledge=knowledge)).partition("\n\n")[0] + "\n"
    if request.config.getoption("--update-golden"):
        text = README.read_text()
        README.write_text(text[: match.start(3)] + screen + text[match.end(3) :])
    found = SHOWN.search(README.read_text())
    assert found
    assert found[3] == screen


# The language page ------------------------------------------------------------------------------------------------------------


FILES = {
    "Rules": "rules.yaml",
    "Cases beside the rules": "rules.cases.yaml",
    "Wording": "wording/en.yaml",
    "Invariants, accepted diagnostics, the knowledge card": "invariants.yaml",
}
"""Where the block under a heading would stand, unless the heading starts with the name of its file."""


def shown_files() -> list[tuple[str, str]]:
    """Every YAML block of the language page as the file it shows; a comment that names a file starts another."""
    found = []
    for part in re.split(r"^#{2,3} ", LANGUAGE.read_text(), flags=re.M)[1:]:
        heading = part.partition("\n")[0]
        for block in blocks(part, "yaml"):
            pieces = re.split(r"^# (\w+\.yaml).*\n", f"# {FILES.get(heading, heading.partition(',')[0])}\n{block}", flags=re.M)
            first = pieces[0].removeprefix("# ").partition("\n")
            named = [(first[0], first[2])] if first[0] else []
            found += [(name, text) for name, text in [*named, *zip(pieces[1::2], pieces[2::2], strict=True)] if text.strip()]
    return found


@pytest.mark.parametrize(("name", "text"), shown_files(), ids=lambda part: part.partition("\n")[0][:30])
def test_every_block_on_the_language_page_is_read_without_a_mistake(name: str, text: str, tmp_path: Path) -> None:
    """As a file of a pack: every item is read whole by the model of its file."""
    folder = tmp_path / "shown"
    (folder / "wording").mkdir(parents=True)
    pack = yaml.safe_load(dict(blocks_of_pack())["pack.yaml"])
    listed = pack.pop("files")
    (folder / "pack.yaml").write_text(yaml.safe_dump(pack))
    (folder / name).write_text(text)
    for other in listed if name == "pack.yaml" else ():
        (folder / other).write_text("language: en\n" if "wording" in other else "[]\n")
    found = read_pack(folder, True)
    assert [str(problem) for problem in found.problems] == []
    value = yaml.safe_load(text)
    assert value
    read = [item for items in found.items.values() for item in items if item.file.endswith(name)]
    assert len(read) == (len(value) if isinstance(value, list) else 1)


def blocks_of_pack() -> list[tuple[str, str]]:
    return [(name, text) for name, text in shown_files() if name == "pack.yaml"]


def test_no_block_on_the_language_page_is_left_out() -> None:
    assert len(shown_files()) >= len(blocks(LANGUAGE.read_text(), "yaml")) == 13
    assert {name for name, _ in shown_files()} >= {"pack.yaml", *FILES.values(), "findings.yaml", "estimates.yaml"}


def test_the_language_page_names_every_file_that_is_read() -> None:
    text = LANGUAGE.read_text()
    assert {name for name in _MODELS if f"{name}.yaml" not in text and f"<topic>.{name}.yaml" not in text} == set()
