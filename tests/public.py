"""The public surface as the tests walk it: which functions and classes callers meet, and which types their signatures name."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import cache, cached_property
from typing import Any

from pydantic import BaseModel

import sijoint

SPOKEN = {"__init__", "__getitem__", "__iter__", "__contains__"}
"""Methods with underscores that callers use."""


def exported() -> tuple[Any, ...]:
    """Every public function and class."""
    return tuple(getattr(sijoint, name) for name in sijoint.__all__)


def named_by(item: Any) -> Iterator[type]:
    """The classes of this library that the signatures and fields of an export name."""
    for hint in _hints(item):
        yield from (found for found in _classes(hint) if found.__module__.partition(".")[0] == "sijoint")


def _hints(item: Any) -> Iterator[Any]:
    if not isinstance(item, type):
        yield from _evaluated(inspect.unwrap(item)).values()
        return
    if _has_fields(item):
        yield from (hint for name, hint in _evaluated(item).items() if name[0] != "_")
    for _, function in methods(item):
        yield from _evaluated(function).values()


def methods(item: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods and properties that a class of this library defines, by name, as functions."""
    for name, value in vars(item).items():
        function = _function(value)
        if function is None or not function.__module__.startswith("sijoint"):
            continue
        if name[0] != "_" or (name in SPOKEN and not (name == "__init__" and _has_fields(item))):
            yield name, function


def _function(value: Any) -> Callable[..., Any] | None:
    match value:
        case classmethod() | staticmethod():
            return value.__func__
        case property():
            return value.fget
        case cached_property():
            return value.func
    return value if inspect.isfunction(value) else None


def _has_fields(item: type) -> bool:
    return issubclass(item, BaseModel) or is_dataclass(item)


def _evaluated(item: Any) -> dict[str, Any]:
    return typing.get_type_hints(item, globalns=_names(sys.modules[item.__module__]))


@cache
def _names(module: types.ModuleType) -> dict[str, Any]:
    """What a module's annotations may name, also what it imports for type checkers alone."""
    found = {"ClassVar": typing.ClassVar} | vars(module)
    for guard in (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.If)):
        for line in guard.body:
            if isinstance(line, ast.ImportFrom):
                home = importlib.import_module("." * line.level + (line.module or ""), module.__package__)
                found |= {name.asname or name.name: getattr(home, name.name) for name in line.names}
            elif isinstance(line, ast.Import):
                found |= {name.asname or name.name: importlib.import_module(name.name) for name in line.names}
    return found


def _classes(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        yield hint
    for part in typing.get_args(hint):
        for member in part if isinstance(part, list) else [part]:
            yield from _classes(member)
