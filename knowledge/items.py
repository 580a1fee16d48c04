"""The ground of the knowledge language: ids, texts, certainty labels, and the base of every item.

In: nothing. Out: types that every model of the language is made of.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Strict, StringConstraints

from .conditions import FROZEN

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
SidedId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}(\.(left|right))?$")]
ReferenceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,59}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
YesNo = Annotated[bool, Strict()]
Number = Annotated[int, Strict()] | Annotated[float, Strict()]
"""A number or a yes/no as written: a text that looks like one is none."""
Label = Literal["V", "D", "V2", "P", "M", "X"]
Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")
LABEL_ORDER: tuple[Label, ...] = ("V", "D", "V2", "P", "M", "X")
"""Certainty labels from strongest to weakest: read, derived, read second-hand, citation only, memory, design choice."""
LABEL_MEANING: dict[Label, str] = {
    "V": "read in the source",
    "D": "derived by arithmetic from figures read",
    "V2": "read second-hand",
    "P": "citation read, figure not",
    "M": "not checked against the source",
    "X": "our design choice",
}
ONLY_GRADE = "given"
URGENCY = "disposition"
"""The conclusion that every assessment reports as its urgency; its grades are the tiers."""
NOT_DETERMINED = "not_determined"
NO_FLAG = "no_flag_in_answers"
NO_OPEN_FLAG = "no_open_flag"
"""What stands in place of a tier where none holds: a screen is open; every screen is complete; every screen is complete and
what was raised in this case is open no more."""


class Item(BaseModel):
    """Base of every item: frozen, strict about its keys, and aware of the pack, file and line it stands in."""

    model_config = FROZEN
    pack: str = ""
    file: str = ""
    line: int = 0
