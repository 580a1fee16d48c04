"""Loading: what is known so far while packs are loaded, and the problems found on the way.

In: items as read. Out: the state that every pass of the loader takes and fills.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .claims import Invariant
from .errors import KnowledgeError, Problem
from .items import SIDES, Item
from .language import Conclusion, Constraint, Kind, Parameter, Rule
from .reading import PackItems
from .resolve import Names

T = TypeVar("T", bound=Item)


@dataclass
class Loading:
    """What is known so far while packs are loaded, required packs first.

    `unsealed` holds where shipped packs are not as they were released, which ends loading where they have to be `sealed`.
    """

    cases: bool = True
    sealed: bool = False
    packs: list[PackItems] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unsealed: list[Problem] = field(default_factory=list)
    not_shipped: list[str] = field(default_factory=list)
    kinds: dict[str, Kind] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names({}, {}, {}))
    parameters: dict[str, Parameter] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    screen_parts: list[Conclusion] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    invariants: list[Invariant] = field(default_factory=list)

    def of(self, model: type[T]) -> list[T]:
        """Every item of one model, in order."""
        return [item for pack in self.packs for item in pack.of(model)]

    def refuse(self, item: Item, title: str, what: str, why: str, fix: str, code: str, line: int = 0) -> None:
        """Record a problem at an item."""
        self.problems.append(Problem(item.file, line or item.line, title, what, why, fix, code))


def stop_if_wrong(loading: Loading) -> None:
    """Raise every problem found so far, if there is one."""
    if loading.problems:
        raise KnowledgeError(loading.problems)


def both_sides(items: Iterable[Any]) -> list[Any]:
    """Sided items once per side, others once."""
    return [
        item.model_copy(update={"id": f"{item.id}.{side}", "side": side}) if side else item
        for item in items
        for side in (SIDES if item.per else (None,))
    ]
