"""Pack folder -> items of that pack, each with its file and line; every mistake in every file is collected.

In: a folder. Out: `PackItems`. Nothing is resolved here: ids may still be unknown.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .claims import Accepted, Card, InvariantItem
from .errors import Problem
from .files import read_bounded
from .items import Item
from .language import (
    Conclusion,
    ConstraintItem,
    Difference,
    Estimate,
    Finding,
    Flag,
    NotEncoded,
    Pack,
    PackCase,
    Parameter,
    Reference,
    RuleItem,
    Screen,
)
from .words import Wording
from .yaml_reader import Document, read_yaml

FILE_LIMIT = 1_000_000
FILES_LIMIT = 500
CASES = ".cases.yaml"
PLACES = ("pack", "file", "line")
_MODELS: dict[str, type[Item]] = {
    "findings": Finding,
    "conclusions": Conclusion,
    "parameters": Parameter,
    "references": Reference,
    "constraints": ConstraintItem,
    "screens": Screen,
    "flags": Flag,
    "differs": Difference,
    "estimates": Estimate,
    "not_encoded": NotEncoded,
    "cases": PackCase,
    "invariants": InvariantItem,
    "accepted": Accepted,
}

T = TypeVar("T", bound=Item)


@dataclass
class PackItems:
    """The items of one pack by model, as read, and what is wrong with them; `digests` holds SHA-256 by file, cases left out."""

    folder: Path
    pack: Pack | None = None
    items: dict[type[Item], list[Any]] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    places: dict[int, tuple[Document, tuple[str | int, ...]]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def of(self, model: type[T]) -> list[T]:
        """The items of one model in file order."""
        return self.items.get(model, [])

    def line(self, item: Item, *path: str | int) -> int:
        """The line of a part of an item."""
        document, base = self.places[id(item)]
        return document.line((*base, *path))


def read_pack(folder: Path, cases: bool = True) -> PackItems:
    """Read every file of one pack folder, its cases only where asked for; what is wrong is in `.problems`."""
    found = PackItems(folder)
    if not (folder / "pack.yaml").is_file():
        what = "no such folder" if not folder.is_dir() else "not a pack: there is no pack.yaml in it"
        fix = "name a folder that holds pack.yaml and the other files of a pack"
        found.problems.append(Problem(folder.name, 0, "folder", what, "nothing can be loaded", fix, "K002"))
        return found
    files = sorted(_files(found), key=lambda path: (path != folder / "pack.yaml", path))
    if len(files) > FILES_LIMIT:
        found.problems.append(Problem(folder.name, 0, "folder", f"{len(files)} files", "too many", "split it", "K002"))
        return found
    for path in (path for path in files if path.suffix == ".yaml"):
        if cases or not path.name.endswith(CASES):
            _read_file(found, path)
    _compare_listed(found, files)
    return found


def _files(found: PackItems) -> Iterator[Path]:
    """Every YAML file of a pack, whatever the case of its ending; links that lead out of its folder are problems."""
    for place, folders, names in os.walk(found.folder):
        links = [Path(place, name) for name in folders if Path(place, name).is_symlink()]
        for path in (*links, *(Path(place, name) for name in names if name.lower().endswith((".yaml", ".yml")))):
            if path in links or not path.resolve().is_relative_to(found.folder.resolve()):
                what = "a link to a folder" if path in links else "a link out of the folder of the pack"
                why = "what a pack says would stand somewhere else"
                found.problems.append(
                    Problem(_name(found, path), 0, "file", what, why, "put what it leads to in its place", "K002")
                )
            else:
                yield path


def _name(found: PackItems, path: Path) -> str:
    return f"{found.folder.name}/{path.relative_to(found.folder).as_posix()}"


def _compare_listed(found: PackItems, files: list[Path]) -> None:
    """A pack that lists its files holds these and no others; cases beside the rules need not be listed."""
    if not found.pack or not found.pack.files:
        return
    listed = {*found.pack.files, "pack.yaml"}
    there = {path.relative_to(found.folder).as_posix() for path in files}
    for name in sorted(listed - there):
        why, fix = "what it says would be missing from every answer", "bring it back, or take it off files in pack.yaml"
        found.problems.append(Problem(f"{found.folder.name}/{name}", 0, "file", "listed and missing", why, fix, "K052"))
    for name in sorted(name for name in there - listed if not name.endswith(CASES)):
        why, fix = "nobody has said that it belongs to the pack", "remove it, or add it to files in pack.yaml"
        found.problems.append(Problem(f"{found.folder.name}/{name}", 0, "file", "there and not listed", why, fix, "K052"))


def _bytes_of(found: PackItems, path: Path) -> bytes | None:
    """What stands in a file; None after a problem."""
    name = path.relative_to(found.folder).as_posix()
    try:
        text = read_bounded(path, FILE_LIMIT)
    except OSError as error:
        what = f"cannot be read: {(error.strerror or str(error)).lower()}"
        found.problems.append(
            Problem(_name(found, path), 0, "file", what, "what it says is not known", "make it readable", "K001")
        )
        return None
    if not name.endswith(CASES):
        found.digests[name] = hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest()
    return text


def _read_file(found: PackItems, path: Path) -> None:
    text, name = _bytes_of(found, path), _name(found, path)
    if text is None:
        return
    document = read_yaml(text, name, "K001", FILE_LIMIT)
    found.documents[name] = document
    found.problems += document.problems
    if document.problems and document.value is None:
        return
    if path == found.folder / "pack.yaml":
        found.pack = _read_item(found, document, Pack, (), document.value)
    elif path == found.folder / "card.yaml":
        _read_item(found, document, Card, (), document.value)
    elif path.parent.name == "wording":
        _read_wording(found, document, path)
    else:
        model = _MODELS.get(path.stem.rpartition(".")[2], RuleItem)
        _read_list(found, document, model)


def _read_wording(found: PackItems, document: Document, path: Path) -> None:
    item = _read_item(found, document, Wording, (), document.value)
    expected = path.stem.rpartition(".")[2]
    if item and item.language != expected:
        what = f"language is {item.language}, the file name says {expected}"
        found.problems.append(
            Problem(document.file, 1, "wording", what, "words would be shown in the wrong language", "rename it", "K003")
        )


def _read_list(found: PackItems, document: Document, model: type[Item]) -> None:
    if document.value is None:
        return
    if not isinstance(document.value, list):
        what = f"a {type(document.value).__name__} instead of a list"
        fix = "start every item with '- id: ...'"
        found.problems.append(Problem(document.file, 1, "file", what, "no item can be read from it", fix, "K003"))
        return
    for number, value in enumerate(document.value):
        _read_item(found, document, model, (number,), value)


def _read_item(found: PackItems, document: Document, model: type[T], path: tuple[int, ...], value: Any) -> T | None:
    line = document.line(path) or 1
    if not isinstance(value, dict):
        what = f"a {type(value).__name__} instead of a mapping"
        found.problems.append(
            Problem(document.file, line, "item", what, "no item can be read from it", "write 'key: value' lines", "K003")
        )
        return None
    pack = value.get("pack", "") if model is Pack else found.folder.name
    place = {"pack": pack, "file": document.file, "line": line}
    reserved = [key for key in PLACES if key in value and not (key == "pack" and model is Pack)]
    try:
        item = model.model_validate({**{key: value[key] for key in value if key not in reserved}, **place})
    except ValidationError as error:
        found.problems += _shape_problems(error, document, path, _title(model, value))
        return None
    found.problems += [_unexpected(document, path, _title(model, value), key) for key in reserved]
    found.places[id(item)] = (document, path)
    found.items.setdefault(model, []).append(item)
    return item


def _title(model: type[Item], value: dict[Any, Any]) -> str:
    name = {RuleItem: "rule", PackCase: "case", ConstraintItem: "constraint", InvariantItem: "invariant"}.get(
        model, model.__name__.lower()
    )
    return f"{name} {str(value.get('id') or value.get('case') or value.get('pack') or value.get('code') or '')[:60]}".strip()


def _unexpected(document: Document, path: tuple[int, ...], title: str, key: str) -> Problem:
    why = "a key that is not read is a mistake waiting"
    return Problem(document.file, document.line((*path, key)), title, f"unexpected key {key}", why, "remove it", "K003")


def _shape_problems(error: ValidationError, document: Document, path: tuple[int, ...], title: str) -> Iterator[Problem]:
    seen = set()
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        location = tuple(part for part in detail["loc"] if part != "[key]")
        key = ".".join(str(part) for part in location[:2]) or "item"
        if key in seen:
            continue
        seen.add(key)
        line = document.line((*path, *location))
        if location == ("source",) and detail["type"] in {"missing", "too_short"}:
            why, fix = "nobody can check where it comes from", "add source: [statement or reference ids]"
            yield Problem(document.file, line, title, "no source", why, fix, "K012")
            continue
        message = detail["msg"][:1].lower() + detail["msg"][1:]
        why = "the item cannot be used as written"
        yield Problem(document.file, line, title, f"{key}: {message}", why, "see docs/knowledge-language.md", "K003")
