"""Where a case comes from -> `Document`: a mapping, a file of YAML or JSON, or JSON text, each with every problem of its form.

In: hostile input. Out: `Document` with plain values. What can be read of a text that is not valid is kept beside the problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from ..knowledge.errors import Problem, key_text, pointer_to, printable
from ..knowledge.files import UnreadableFileError, read_bounded
from ..knowledge.scalars import LONGEST_NUMBER
from ..knowledge.yaml_reader import Document, Path, read_yaml
from .plain import MAX_DEPTH, TOO_MUCH, Odd, Plain

SIZE_LIMIT = 1_000_000
NOTHING = "there is nothing to assess"
_FILE_NAME = re.compile(r"[^\x00-\x1f{}\[\]\"]{1,4000}\.(?:ya?ml|json)", re.IGNORECASE)


def name_of(path: Path) -> str:
    """What a part of a case is called: the step it lies in, the finding, the key.

    >>> name_of(("steps", 0, "findings", "thrust", "left")), name_of(("as_of",)), name_of(())
    ('step 1, thrust, left', 'as_of', 'case')
    """
    step = pointer_to(path)[1]
    rest = path if step is None else path[2:]
    if len(rest) > 1 and rest[0] == "findings":
        rest = rest[1:]
    names = ([f"step {step}"] if step else []) + [key_text(part, 80) for part in rest]
    return ", ".join(names) or "case"


def document_of(source: Any) -> Document:
    """A mapping or a file as a document."""
    if isinstance(source, Mapping):
        return _of_mapping(source)
    if isinstance(source, str):
        return _of_text(source)
    if isinstance(source, FilePath):
        return _of_file(source, printable(source.name, 100) or "case")
    return _wrong("case", f"a {type(source).__name__} instead of a mapping, a path or a Case", "give a mapping, a path or a Case")


def _of_mapping(source: Mapping[Any, Any]) -> Document:
    plain = Plain()
    document = Document("case", plain.value(source), name=name_of)
    document.salvaged = document.value
    if plain.full:
        document.note((), 0, f"a {TOO_MUCH.type}", NOTHING, "give the findings of one patient", "C009")
    return document


def _of_text(source: str) -> Document:
    """A text is the name of a file, or nothing: it may be what a patient's record says, so that no message repeats it."""
    if not _FILE_NAME.fullmatch(source):
        what = "a text that is not the name of a .yaml, .yml or .json file"
        return _wrong("case", what, "give a mapping, such as json.loads makes of JSON text, or a pathlib.Path")
    path = FilePath(str.__str__(source))
    return _of_file(path, "case")


def _of_file(path: FilePath, missing: str) -> Document:
    """A file; `missing` stands for it in a message that it cannot be read."""
    try:
        text = read_bounded(path, SIZE_LIMIT)
    except UnreadableFileError as error:
        return _wrong(missing, f"cannot be read: {error}", "name an existing YAML or JSON file")
    name = printable(path.name, 100)
    if path.suffix.lower() == ".json":
        return read_json(text, name)
    return read_yaml(text, name, "C001", SIZE_LIMIT, name=name_of)


def _wrong(file: str, what: str, fix: str, line: int = 0) -> Document:
    return Document(file, problems=[Problem(file, line, "file", what, NOTHING, fix, "C001")], name=name_of)


# JSON --------------------------------------------------------------------------------------------------------------------------


class _Twice(dict[str, Any]):
    """An object with a key given more than once: the first values stand, the others are beside it."""

    others: list[tuple[str, Any]]


def read_json(text: bytes, file: str) -> Document:
    """One JSON document of at most `SIZE_LIMIT` bytes.

    Text that is no JSON is read as YAML, of which JSON is a part, for what stands before the mistake.
    """
    if len(text) > SIZE_LIMIT:
        return _wrong(file, f"more than the {SIZE_LIMIT} bytes allowed", "shorten the file")
    hooked = _Pairs()
    try:
        value = json.loads(text.decode("utf-8-sig"), object_pairs_hook=hooked.pairs, parse_int=_whole)
    except UnicodeDecodeError:
        return _salvage(text, _wrong(file, "not UTF-8 text", "save the file as UTF-8"))
    except RecursionError:
        return _salvage(text, _wrong(file, "nested too deeply", "flatten it"))
    except ValueError as error:
        return _salvage(text, _wrong(file, "not valid JSON", "correct it", getattr(error, "lineno", 0)))
    document = Document(file, value, name=name_of, salvaged=value)
    document.repeated = list(_repeated(value)) if hooked.twice else []
    for path in dict.fromkeys(path for path, _ in document.repeated):
        what = f"the key {key_text(path[-1])!r} twice"
        document.note(path, 0, what, "it is unclear which counts", "keep one of them", "C007")
    return document


def _salvage(text: bytes, document: Document) -> Document:
    read = read_yaml(text, document.file, "C001", SIZE_LIMIT, name=name_of)
    document.salvaged, document.repeated, document.lines = read.salvaged, read.repeated, read.lines
    return document


class _Pairs:
    """Makes the objects of one document, and knows whether one had a key more than once."""

    twice = False

    def pairs(self, items: list[tuple[str, Any]]) -> dict[str, Any]:
        """One object."""
        found = dict(items)
        if len(found) == len(items):
            return found
        self.twice = True
        repeating = _Twice()
        repeating.others = []
        for key, value in items:
            if key in repeating:
                repeating.others.append((key, value))
            else:
                repeating[key] = value
        return repeating


def _whole(digits: str) -> int | Odd:
    return int(digits) if len(digits) <= LONGEST_NUMBER else Odd(f"number of {len(digits)} digits")


def _repeated(value: Any) -> Iterator[tuple[Path, Any]]:
    """The further values of keys given more than once, outer ones first."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, _Twice):
            yield from (((*path, key), other) for key, other in item.others)
            waiting += [((*path, key), other) for key, other in item.others]
        if isinstance(item, dict | list) and len(path) < MAX_DEPTH:
            entries = item.items() if isinstance(item, dict) else enumerate(item)
            waiting += [((*path, key), part) for key, part in entries if isinstance(part, dict | list)]
