"""Whatever a program hands over -> plain values: what means the same is accepted, what is something else becomes `Odd`.

In: mappings, lists, tuples, numbers of NumPy and pandas, decimals, dates, in any nesting. Out: dict with text keys, list, str,
int, float, bool, None, date, datetime and `Odd`. Nothing given is asked for its text, hash or comparison unless its type is
known.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from ..knowledge.errors import key_text

MAX_DEPTH = 30
MAX_VALUES = 100_000


@dataclass(frozen=True)
class Odd:
    """Something that is no plain value; only the name of its type is known."""

    type: str


TOO_MUCH = Odd("structure nested too deeply or too large")


class Plain:
    """Turns one structure into plain values, so many of them and so deep at most."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether enough was taken in."""
        return self.count > MAX_VALUES

    def value(self, raw: Any, depth: int = 0) -> Any:
        """A plain value."""
        self.count += 1
        if self.full or (depth > MAX_DEPTH and isinstance(raw, Mapping | list | tuple)):
            return TOO_MUCH
        if isinstance(raw, Mapping):
            return self.mapping(raw, depth)
        return self.sequence(raw, depth) if isinstance(raw, list | tuple) else plain_value(raw)

    def mapping(self, raw: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        """A mapping; a key that is no text is named by its type."""
        found: dict[str, Any] = {}
        for key, item in raw.items():
            name = plain_value(key)
            found.setdefault(name if isinstance(name, str) else key_text(name), self.value(item, depth + 1))
            if self.full:
                break
        return found

    def sequence(self, raw: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        """A list."""
        found: list[Any] = []
        for item in raw:
            found.append(self.value(item, depth + 1))
            if self.full:
                break
        return found


def plain_value(raw: Any) -> Any:
    """One value that holds no others.

    >>> plain_value(Decimal("6.5")), plain_value({1})
    (6.5, Odd(type='set'))
    """
    raw = _of_a_library(raw)
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return str.__str__(raw)
    if isinstance(raw, int):
        return int.__add__(raw, 0)
    if isinstance(raw, float):
        return float.__add__(raw, 0.0)
    if isinstance(raw, Decimal):
        return _decimal(raw)
    if isinstance(raw, date):
        return _moment(raw) if isinstance(raw, datetime) else date(raw.year, raw.month, raw.day)
    return str(raw) if type(raw) is UUID else Odd(type(raw).__name__)


def _of_a_library(raw: Any) -> Any:
    """What stands for a value in NumPy or pandas, where the program uses them; their missing values are None."""
    for name in ("NA", "NaT"):
        if raw is not None and raw is getattr(sys.modules.get("pandas"), name, None):
            return None
    scalar: Any = raw if isinstance(raw, getattr(sys.modules.get("numpy"), "generic", ())) else None
    return scalar.item() if scalar is not None and scalar.dtype.kind in "biufU" else raw


def _decimal(raw: Decimal) -> int | float:
    """The nearest number; a whole one as `int` while that is exact."""
    value = float("nan") if raw.is_snan() else float(raw)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _moment(raw: datetime) -> datetime:
    """A plain moment, its zone as an offset."""
    offset = raw.utcoffset()
    zone = None if offset is None else timezone(offset)
    return datetime(raw.year, raw.month, raw.day, raw.hour, raw.minute, raw.second, raw.microsecond, zone)
