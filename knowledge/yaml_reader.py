"""YAML text -> plain values with the line of every mapping and list item; hostile text is refused, never run.

In: bytes of one file. Out: `Document` (the value, and lines by path). Scalars are read as people write them (`scalars`);
anchors, aliases, tags, duplicate keys, deep nesting and large files are problems, not values. What could be read of a file
that is refused stays in `.salvaged`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

import yaml

from .errors import Problem, pointer_to, printable
from .scalars import plain_scalar

Path = tuple[Any, ...]

SECOND_DOCUMENT: Path = (None, None)
MAX_DEPTH = 30
MAX_SCALAR = 20_000
MAX_VALUES = 40_000
MAX_PROBLEMS = 100
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_ALLOWED = yaml.reader.Reader.NON_PRINTABLE
_AS_TEXT = {"!", "tag:yaml.org,2002:str"}


def _no_name(path: Path) -> str:
    return "file"


@dataclass
class Document:
    """The value of one file and where its parts stand: `lines[path]` is a line number, 1 for the first.

    `value` is None where nothing of the file may be used; `salvaged` is then what could be
    read of it. `repeated` holds the further values of keys given more than once, `written` the characters of whole numbers
    that would be written out otherwise.
    """

    file: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    more: int = 0
    name: Callable[[Path], str] = _no_name
    salvaged: Any = None
    repeated: list[tuple[Path, Any]] = field(default_factory=list)
    written: dict[Path, str] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of the deepest part of `path` that has one; 0 for none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def note(self, path: Path, line: int, what: str, *rest: str, item: str | None = None) -> None:
        """Record what is wrong at a place, why it matters, how to mend it and the code; or count it where there are enough."""
        if len(self.problems) >= MAX_PROBLEMS:
            self.more += 1
            return
        pointer, step = pointer_to(path)
        why, fix, code = rest
        self.problems.append(Problem(self.file, line, item or self.name(path), what, why, fix, code, pointer, step))


class _RefusedError(Exception):
    """Reading stops here; the problem is already recorded."""


def read_yaml(text: bytes, file: str, code: str, limit: int, *, name: Callable[[Path], str] = _no_name) -> Document:
    """Read one YAML document of at most `limit` bytes; what is wrong is in `.problems`, under `code`.

    `name` says what a part of the document is called in messages.
    """
    document = Document(file, name=name)
    builder = _Builder(document, code)
    try:
        builder.read(_decoded(text, limit, builder))
    except _RefusedError:
        pass
    except yaml.YAMLError as error:
        builder.not_yaml(error)
    if not builder.broken:
        document.value = document.salvaged
    return document


def _decoded(text: bytes, limit: int, builder: _Builder) -> str:
    if len(text) > limit:
        builder.refuse(0, f"{len(text)} bytes, more than the {limit} allowed", "split or shorten the file")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        builder.spoil(text[: error.start].count(b"\n") + 1, "not UTF-8 text", "save the file as UTF-8")
        decoded = text.decode("utf-8-sig", "replace")
    if control := _NOT_ALLOWED.search(decoded):
        builder.spoil(decoded[: control.start()].count("\n") + 1, "a control character", "remove it")
        decoded = _NOT_ALLOWED.sub("\ufffd", decoded)
    return decoded


class _Builder:
    """Builds values from parser events, so that nothing is composed before it was checked.

    A value stands in its place before it is filled: what was read before reading stops is kept.
    """

    def __init__(self, document: Document, code: str) -> None:
        self.document, self.code = document, code
        self.broken = self.shared = False
        self.count = 0
        self.events: Iterator[Any] = iter(())

    def read(self, text: str) -> None:
        """The one document of a file."""
        loader = _LOADER(text)
        try:
            self.events = _events(loader)
            next(self.events)  # stream start
            event = next(self.events)
            if isinstance(event, yaml.StreamEndEvent):
                return
            self.build(next(self.events), (), self.keep)
            next(self.events)  # document end
            event = next(self.events)
            if not isinstance(event, yaml.StreamEndEvent):
                self.spoil(event.start_mark.line + 1, "a second document", "keep one document in a file")
                self.build(next(self.events), (), self.keep_beside)
        finally:
            loader.dispose()

    def keep(self, value: Any) -> None:
        """The whole document."""
        self.document.salvaged = value

    def keep_beside(self, value: Any) -> None:
        """A second document: its answers may be this patient's."""
        if isinstance(value, dict):
            self.document.repeated.append((SECOND_DOCUMENT, value))

    def build(self, event: Any, path: Path, put: Callable[[Any], None]) -> None:
        """The value that starts with an event, put in its place."""
        line = event.start_mark.line + 1
        self.count += 1
        if self.count > MAX_VALUES:
            self.refuse(line, f"more than {MAX_VALUES} values", "split or shorten the file")
        if len(path) > MAX_DEPTH:
            self.too_deep(line)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.alias(line, path)
        if isinstance(event, yaml.AliasEvent):
            return put(None)
        if isinstance(event, yaml.ScalarEvent):
            return put(self.scalar(event, line, path))
        self.document.lines.setdefault(path, line)
        if event.tag:
            self.spoil(line, f"the tag {printable(event.tag)}", "write plain YAML without tags", path)
        return self.mapping(path, put) if isinstance(event, yaml.MappingStartEvent) else self.sequence(path, put)

    def scalar(self, event: Any, line: int, path: Path) -> Any:
        """A text, number, date, yes or no; None after a problem."""
        if len(event.value) > MAX_SCALAR:
            self.note(line, f"a text of {len(event.value)} characters", f"at most {MAX_SCALAR}", path)
            return None
        if event.tag and event.tag not in _AS_TEXT:
            self.note(line, f"the tag {printable(event.tag)}", "write plain YAML without tags", path)
            return event.value
        if event.tag or not event.implicit[0]:
            return event.value
        try:
            value = plain_scalar(event.value)
        except ValueError:
            self.note(line, "a value that is no date or number", "correct or quote it", path)
            return None
        if isinstance(value, int) and not isinstance(value, bool) and str(value) != event.value:
            self.document.written[path] = event.value
        return value

    def mapping(self, path: Path, put: Callable[[Any], None]) -> None:
        """A mapping; the first value of a key stands, further ones are kept beside it."""
        found: dict[Any, Any] = {}
        put(found)
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                self.spoil(line, "a key that is not a plain word", "use a plain word as key", path)
                self.build(event, (*path, "?"), _drop)
                self.build(next(self.events), (*path, "?"), _drop)
                continue
            keys: list[Any] = []
            self.build(event, path, keys.append)
            self.document.written.pop(path, None)
            self.entry(found, keys[0], event, path)

    def entry(self, found: dict[Any, Any], key: Any, event: Any, path: Path) -> None:
        """One key with its value."""
        place, line = (*path, key), event.start_mark.line + 1
        if isinstance(key, float) or key in found:
            self.note(line, f"the key {printable(event.value)!r} twice", "keep one of them", place)
            self.build(next(self.events), place, lambda value: self.document.repeated.append((place, value)))
            return
        self.document.lines.setdefault(place, line)
        found[key] = None
        self.build(next(self.events), place, partial(found.__setitem__, key))

    def sequence(self, path: Path, put: Callable[[Any], None]) -> None:
        """A list."""
        found: list[Any] = []
        put(found)
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            place = (*path, len(found))
            self.document.lines.setdefault(place, event.start_mark.line + 1)
            found.append(None)
            self.build(event, place, partial(found.__setitem__, len(found) - 1))

    def alias(self, line: int, path: Path) -> None:
        """Said once for a file: what it stands for is in another place."""
        if not self.shared:
            self.spoil(line, "an anchor or alias", "write the value out; aliases are not allowed", path)
        self.shared = True

    def too_deep(self, line: int) -> NoReturn:
        """Nesting that no case and no pack has."""
        self.refuse(line, f"nested deeper than {MAX_DEPTH}", "flatten it")

    def not_yaml(self, error: yaml.YAMLError) -> None:
        """Record what the parser says; its own limit of nesting is the same mistake as ours."""
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        what = str(getattr(error, "problem", None) or "not readable as YAML")
        if "nesting depth" in what:
            self.spoil(line, f"nested deeper than {MAX_DEPTH}", "flatten it")
        else:
            self.spoil(line, f"not valid YAML: {what}", "write plain YAML 1.1")

    def note(self, line: int, what: str, fix: str, path: Path = ()) -> None:
        """Record a problem and go on."""
        why = "the file cannot be read safely"
        self.document.note(path, line, what, why, fix, self.code, item=None if path else "file")

    def spoil(self, line: int, what: str, fix: str, path: Path = ()) -> None:
        """Record a problem after which the value of the file may not be used."""
        self.broken = True
        self.note(line, what, fix, path)

    def refuse(self, line: int, what: str, fix: str) -> NoReturn:
        """Record a problem after which nothing more is read."""
        self.spoil(line, what, fix)
        raise _RefusedError


def _drop(value: Any) -> None:
    """A value that has no place."""


def _events(loader: Any) -> Iterator[Any]:
    while loader.check_event():
        yield loader.get_event()
