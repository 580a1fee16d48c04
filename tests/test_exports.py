"""The public names: sorted, complete, importable, and imported only when used."""

from __future__ import annotations

import ast
import pickle
import re
from types import ModuleType

import pytest
from conftest import ROOT
from public import exported, named_by
from sijoint.knowledge import errors

import sijoint

INIT = ast.parse((ROOT / "sijoint" / "__init__.py").read_text())


def type_checked_names() -> list[str]:
    """The names that a type checker sees."""
    (guard,) = (node for node in INIT.body if isinstance(node, ast.If))
    return [name.asname or name.name for node in guard.body if isinstance(node, ast.ImportFrom) for name in node.names]


def test_the_list_of_exports_is_sorted_and_without_duplicates() -> None:
    assert sijoint.__all__ == sorted(set(sijoint.__all__))


def test_every_export_has_a_home_and_a_type() -> None:
    assert set(sijoint._HOME) == set(sijoint.__all__) == set(type_checked_names())


@pytest.mark.parametrize("name", sijoint.__all__)
def test_every_export_is_there_and_documented(name: str) -> None:
    value = getattr(sijoint, name)
    assert not isinstance(value, ModuleType)
    assert getattr(value, "__doc__", None)
    assert name in dir(sijoint)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'sijoint' has no attribute 'asess'"):
        _ = sijoint.asess


INNER = {"Bitplane", "Column", "Given", "Program", "Results", "Tile"}
"""The compiled program and the planes of a table: held by `Engine` and `Batch`, nothing that callers make or read."""


def test_what_an_export_takes_and_gives_is_exported_too() -> None:
    """Every class of this library that a public signature, property or field names has a public name."""
    missing = {
        f"{found.__module__}.{found.__name__}, named by {item.__name__}"
        for item in exported()
        for found in named_by(item)
        if getattr(sijoint, found.__name__, None) is not found and found.__name__ not in INNER
    }
    assert missing == set()


def test_the_walk_over_signatures_sees_what_callers_see() -> None:
    """Arguments, results, properties and fields, through unions, tuples and what is imported for type checkers alone."""
    assert {"Shifts", "WhyNot", "Trace", "Settled", "Concluded"} <= {found.__name__ for found in named_by(sijoint.Assessment)}
    assert {"Effect"} <= {found.__name__ for found in named_by(sijoint.NextQuestion)}
    assert {"KnowledgeBase", "Engine", "Case", "Assessment"} <= {found.__name__ for found in named_by(sijoint.assess)}
    assert {"KnowledgeBase"} <= {found.__name__ for found in named_by(sijoint.load_knowledge)}
    assert {found.__name__ for found in named_by(sijoint.Batch)} - set(sijoint.__all__) <= INNER


def drawn_tree() -> dict[str, str]:
    """Error -> parent, as the page of errors draws it."""
    found, path = {}, [""]
    for indent, name in re.findall(r"^( *)- (\w+)", errors.__doc__ or "", re.M):
        path = [*path[: len(indent) // 2 + 1], name]
        found[name] = path[-2]
    return found


def test_every_error_is_drawn_in_the_tree_defined_there_and_exported() -> None:
    defined = {name: item for name, item in vars(errors).items() if isinstance(item, type) and issubclass(item, Exception)}
    assert drawn_tree() == {
        name: "" if item is errors.SijointError else item.__bases__[0].__name__ for name, item in defined.items()
    }
    assert all(getattr(sijoint, name) is item for name, item in defined.items())


def test_no_other_module_defines_an_error_for_callers() -> None:
    defined = {
        node.name
        for folder in ("knowledge", "engine", "explain", "sijoint")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error") and path.name != "errors.py" and node.name[0] != "_"
    }
    assert defined == {"NoNegationError", "UnreadableFileError", "WriteError"}  # turned into a problem or a line by who calls


@pytest.mark.parametrize(
    ("error", "builtin"),
    [("NotDerivedError", KeyError), ("AskedError", KeyError), ("DerivedError", KeyError), ("RowError", IndexError)],
)
def test_errors_of_look_up_are_those_of_python_too(error: str, builtin: type[Exception]) -> None:
    raised = getattr(sijoint, error)("what is wrong")
    assert isinstance(raised, builtin)
    assert isinstance(raised, sijoint.SijointError)
    assert str(raised) == "what is wrong"
    assert str(pickle.loads(pickle.dumps(raised))) == "what is wrong"
