"""Imports run one way, `knowledge` <- `engine` <- `explain` <- `sijoint`, read from the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

LAYERS = ("knowledge", "engine", "explain", "sijoint")
MODULES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py") if "packs" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    """Dotted names of every module that a module imports, relative ones made absolute under `sijoint`."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    package = inside[:-1] if inside[0] == "sijoint" else ("sijoint", *inside[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *((node.module,) if node.module else ())))
            yield from (f"{module}.{name.name}" for name in node.names)


def layer_of(name: str) -> str | None:
    """The layer that a dotted name belongs to; what stands in `sijoint` itself is the front door."""
    parts = name.split(".")
    if parts[0] != "sijoint":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else "sijoint"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    mine = LAYERS.index(path.relative_to(ROOT).parts[0])
    above = {name for name in imported(path) if (layer := layer_of(name)) and LAYERS.index(layer) > mine}
    assert above == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_a_folder_as_a_top_level_package(path: Path) -> None:
    assert {name for name in imported(path) if name.split(".")[0] in {"engine", "knowledge", "explain"}} == set()


def test_only_one_module_imports_durable_rules() -> None:
    assert [path.name for path in MODULES if any(name.split(".")[0] == "durable" for name in imported(path))] == ["rete.py"]


def test_the_reference_shares_nothing_with_the_other_evaluators() -> None:
    used = {name.split(".")[2] for name in imported(ROOT / "engine" / "reference.py") if name.startswith("sijoint.engine.")}
    assert used == {"case", "program"}  # the case and the shape of the answer


def test_no_module_of_knowledge_or_engine_renders_or_asks_the_clock() -> None:
    below = [path for path in MODULES if path.relative_to(ROOT).parts[0] in {"knowledge", "engine"}]
    forbidden = {"rich", "typer", "jinja2", "random", "time"}
    assert {(path.name, name) for path in below for name in imported(path) if name.split(".")[0] in forbidden} == set()


def test_an_import_against_the_layers_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "knowledge").mkdir()
    wrong = tmp_path / "knowledge" / "wrong.py"
    wrong.write_text("from ..engine.case import Case\nfrom . import errors\nimport engine.atoms\n")
    assert list(imported(wrong)) == ["sijoint.engine.case.Case", "sijoint.knowledge.errors", "engine.atoms"]
    with pytest.raises(AssertionError):
        test_imports_only_its_own_layer_and_those_below(wrong)
    with pytest.raises(AssertionError):
        test_nothing_imports_a_folder_as_a_top_level_package(wrong)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_readable(path: Path) -> None:
    """House style: a module docstring, and no function beyond 50 lines."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50] == []
