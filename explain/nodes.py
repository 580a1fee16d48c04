"""The parts of a page: nodes under sections. Writers make them from an assessment, renderers lay them out.

A node's `ids` are exactly the findings, conclusions, rules and references that its text names; renderers write them as
markup, so that they can be read back. `anchor` is the place that a `link` of another node leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict

from ..engine.unshown import Unshown

Tone = Literal["plain", "alarm", "caution", "good", "muted"]
Role = Literal["item", "group", "rule", "branch", "fact", "note", "pair"]

FROZEN = ConfigDict(frozen=True, extra="forbid")


class Node(Unshown):
    """One statement of a page, what it names, and what stands under it; a `group` is headed by its text."""

    model_config = FROZEN
    text: str
    ids: tuple[str, ...] = ()
    label: str | None = None
    role: Role = "item"
    tone: Tone = "plain"
    anchor: str | None = None
    link: str | None = None
    folded: bool = False
    children: tuple[Node, ...] = ()


class Section(Unshown):
    """A headed part of a page."""

    model_config = FROZEN
    id: str
    title: str
    intro: str | None = None
    nodes: tuple[Node, ...]


class Page(Unshown):
    """A whole page: `banner` is what comes first, `lead` the answer in brief."""

    model_config = FROZEN
    title: str
    subtitle: str
    banner: tuple[Node, ...]
    lead: tuple[Node, ...]
    tone: Tone
    sections: tuple[Section, ...]


def note(label: str | None, text: str | None, ids: tuple[str, ...] = ()) -> Iterator[Node]:
    """A note under another node, where there is something to say."""
    if text:
        yield Node(label=label, text=text, ids=ids, role="note")


def group(title: str, children: tuple[Node, ...], *, folded: bool = False) -> Iterator[Node]:
    """Nodes under a heading with their number, where there are any."""
    if children:
        yield Node(text=f"{title} ({len(children)})", role="group", children=children, folded=folded)
