"""The public names: sorted, complete, importable, and imported only when used."""

from __future__ import annotations

import ast
from types import ModuleType

import pytest
from conftest import ROOT

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


def test_what_an_export_takes_and_gives_is_exported_too() -> None:
    """Errors that the front door raises can be caught by name."""
    assert issubclass(sijoint.CaseError, sijoint.SijointError)
    assert issubclass(sijoint.KnowledgeError, sijoint.SijointError)
    assert issubclass(sijoint.EvaluatorDisagreement, sijoint.EngineError)
    assert issubclass(sijoint.NotDerivedError, KeyError)
