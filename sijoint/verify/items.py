"""Two versions of the knowledge -> every item that was added, removed or changed, field by field; nothing is left out.

In: the old and the new `KnowledgeBase`. Out: `ChangedItem`s in the order of the kinds of items. The places of items (file and
line) and what is generated from others are no content and are not compared.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from ..knowledge.language import KnowledgeBase

PLACES = {"file", "line"}
KEYS = {
    "pack": ("packs", "pack"),
    "finding": ("findings", "id"),
    "conclusion": ("conclusions", "id"),
    "parameter": ("parameters", "id"),
    "reference": ("references", "id"),
    "rule": ("rules", "id"),
    "constraint": ("constraints", "id"),
    "screen": ("screens", "id"),
    "flag": ("flags", "id"),
    "difference": ("differences", "id"),
    "estimate": ("estimates", "id"),
    "not encoded": ("not_encoded", "id"),
    "wording": ("wording", "language"),
    "case": ("cases", "case"),
    "invariant": ("invariants", "id"),
    "accepted": ("accepted", "code"),
    "card": ("cards", "pack"),
}
"""Every kind of item: the field of the knowledge base that holds it, and the key that tells its items apart."""
DECIDING: Mapping[str, frozenset[str]] = {
    "pack": frozenset({"overrides", "kinds"}),
    "finding": frozenset({"type", "range", "whole", "choices", "per", "fixed", "elapses", "good_for", "implies"}),
    "conclusion": frozenset({"grades", "per", "kind"}),
    "parameter": frozenset({"value"}),
    "rule": frozenset({"when", "unless", "gates", "then"}),
    "constraint": frozenset({"never"}),
    "screen": frozenset({"ask", "reach", "open", "good_for"}),
    "flag": frozenset({"raised", "resolved", "open", "work_up"}),
}
"""The fields by which an item can take part in a conclusion; every other field is words, display, sources or claims."""

How = Literal["added", "removed", "changed", "reordered"]


@dataclass(frozen=True)
class ChangedItem:
    """One item that is not as it was, with the fields that differ; `decides` where it can take part in a conclusion."""

    kind: str
    name: str
    how: How
    fields: tuple[str, ...] = ()
    decides: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.how}  {self.name}" + (f": {', '.join(self.fields)}" if self.fields else "")


def changed_items(old: KnowledgeBase, new: KnowledgeBase) -> tuple[ChangedItem, ...]:
    """Every item of two versions that differs."""
    found = [item for kind in KEYS for item in _of_kind(kind, _items(old, kind), _items(new, kind))]
    kinds = [{name: kind.model_dump(mode="json") for name, kind in base.kinds} for base in (old, new)]
    return (*_of_kind("kind", *kinds), *found)


def _items(knowledge: KnowledgeBase, kind: str) -> dict[str, dict[str, Any]]:
    """The items of one kind by name, as plain values; of two sides the left one stands for both."""
    field, key = KEYS[kind]
    generated = {*knowledge.generated, *knowledge.screen_parts}
    found: dict[str, dict[str, Any]] = {}
    for item in getattr(knowledge, field):
        if getattr(item, "side", None) == "right" or getattr(item, "id", None) in generated:
            continue
        name = str(getattr(item, key)).removesuffix(".left")
        name = name if kind in {"pack", "card", "rule"} else f"{item.pack}/{name}"
        name = f"{name} {item.item}" if kind == "accepted" else name
        found[_distinct(name, found)] = item.model_dump(mode="json", exclude=PLACES)
    return found


def _distinct(name: str, taken: Container[str]) -> str:
    """The name, or with a number where it stands before."""
    names = (f"{name} ({number})" if number > 1 else name for number in count(1))
    return next(item for item in names if item not in taken)


def _of_kind(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ChangedItem]:
    deciding = DECIDING.get(kind, frozenset())
    for name in dict.fromkeys((*old, *new)):
        if name not in new or name not in old:
            yield ChangedItem(kind, name, "removed" if name in old else "added", decides=bool(deciding))
        elif fields := tuple(_differing(old[name], new[name])):
            decides = kind == "kind" or any(field.partition(".")[0] in deciding for field in fields)
            yield ChangedItem(kind, name, "changed", fields, decides)
    kept = [[name for name in base if name in old and name in new] for base in (old, new)]
    if kept[0] != kept[1]:
        yield ChangedItem(kind, "the order in which they are shown", "reordered")


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The fields that differ, within a mapping its keys; 1 is not the same as yes."""
    for field in dict.fromkeys((*old, *new)):
        one, other = old.get(field), new.get(field)
        if json.dumps(one) == json.dumps(other):
            continue
        if isinstance(one, dict) and isinstance(other, dict) and field != "when":
            keys = [key for key in dict.fromkeys((*one, *other)) if json.dumps(one.get(key)) != json.dumps(other.get(key))]
            yield from (f"{field}.{key}" for key in keys)
            yield from () if keys else (f"{field} (order)",)
        else:
            yield field
