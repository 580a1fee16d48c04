"""YAML text -> plain values with the line of every mapping and list item; hostile text is refused, never run.

In: bytes of one file. Out: `Document` (the value, and lines by path). Only PyYAML's safe scalars are built; anchors,
aliases, tags, duplicate keys, deep nesting and large files are problems, not values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from .errors import Problem

Path = tuple[str | int, ...]

MAX_DEPTH = 30
MAX_SCALAR = 20_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")}


@dataclass
class Document:
    """The value of one file and where its parts stand: `lines[path]` is a line number, 1 for the first."""

    file: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the deepest part of `path` that has one; 0 for none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


class _RefusedError(Exception):
    """Reading stops here; the problem is already recorded."""


def read_yaml(text: bytes, file: str, code: str, limit: int) -> Document:
    """Read one YAML document of at most `limit` bytes; what is wrong is in `.problems`, under `code`."""
    document = Document(file)
    try:
        decoded = _decode(text, limit, document, code)
        loader = _LOADER(decoded)
        try:
            _read_stream(loader, document, code)
        finally:
            loader.dispose()
    except _RefusedError:
        pass
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = str(getattr(error, "problem", None) or "not readable as YAML")
        _note(document, code, mark.line + 1 if mark else 0, f"not valid YAML: {what}", "write plain YAML 1.1")
    return document


def _decode(text: bytes, limit: int, document: Document, code: str) -> str:
    if len(text) > limit:
        _refuse(document, code, 0, f"{len(text)} bytes, more than the {limit} allowed", "split or shorten the file")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        _refuse(document, code, line, "not UTF-8 text", "save the file as UTF-8")


def _note(document: Document, code: str, line: int, what: str, fix: str) -> None:
    document.problems.append(Problem(document.file, line, "file", what, "the file cannot be read safely", fix, code))


def _refuse(document: Document, code: str, line: int, what: str, fix: str) -> NoReturn:
    _note(document, code, line, what, fix)
    raise _RefusedError


def _read_stream(loader: Any, document: Document, code: str) -> None:
    events = _events(loader)
    next(events)  # stream start
    event = next(events)
    if isinstance(event, yaml.StreamEndEvent):
        return
    document.value = _Builder(loader, events, document, code).build(next(events), ())
    next(events)  # document end
    event = next(events)
    if not isinstance(event, yaml.StreamEndEvent):
        _refuse(document, code, event.start_mark.line + 1, "a second document", "keep one document in a file")


def _events(loader: Any) -> Iterator[Any]:
    while loader.check_event():
        yield loader.get_event()


class _Builder:
    """Builds values from parser events, so that nothing is composed before it was checked."""

    def __init__(self, loader: Any, events: Iterator[Any], document: Document, code: str) -> None:
        self.loader, self.events, self.document, self.code = loader, events, document, code

    def build(self, event: Any, path: Path) -> Any:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            _refuse(self.document, self.code, line, "an anchor or alias", "write the value out; aliases are not allowed")
        if len(path) > MAX_DEPTH:
            _refuse(self.document, self.code, line, f"nested deeper than {MAX_DEPTH}", "flatten it")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, line)
        self.document.lines[path] = line
        if event.tag:
            _refuse(self.document, self.code, line, f"the tag {event.tag[:60]}", "write plain YAML without tags")
        return self.mapping(path) if isinstance(event, yaml.MappingStartEvent) else self.sequence(path)

    def scalar(self, event: Any, line: int) -> Any:
        if len(event.value) > MAX_SCALAR:
            _refuse(self.document, self.code, line, f"a text of {len(event.value)} characters", f"at most {MAX_SCALAR}")
        tag = event.tag or self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag not in _SCALARS:
            _refuse(self.document, self.code, line, f"the tag {tag[:60]}", "write plain YAML without tags")
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        try:
            return self.loader.construct_object(node)
        except (ValueError, OverflowError, IndexError, KeyError, AttributeError):
            _refuse(self.document, self.code, line, "a value that is no date or number", "correct or quote it")

    def mapping(self, path: Path) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                _refuse(self.document, self.code, line, "a key that is not a plain word", "use a plain word as key")
            key = self.build(event, path)
            if isinstance(key, float) or key in found:
                _note(self.document, self.code, line, f"the key {event.value[:60]!r} twice", "keep one of them")
            self.document.lines.setdefault((*path, key), line)
            found.setdefault(key, self.build(next(self.events), (*path, key)))
        return found

    def sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            self.document.lines[(*path, len(found))] = event.start_mark.line + 1
            found.append(self.build(event, (*path, len(found))))
        return found
