"""A model that keeps what it holds out of logs: its repr and str name its kind, and ids of the knowledge where it says which.

In: a model of something about a patient. Out: a text without a value, note, author, title or case id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..knowledge.frozen import FrozenModel


class Unshown(FrozenModel):
    """A model that shows nothing but the fields named in `shown`."""

    shown: ClassVar[tuple[str, ...]] = ()

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name in self.shown:
            yield None, getattr(self, name)

    def __str__(self) -> str:
        return repr(self)
