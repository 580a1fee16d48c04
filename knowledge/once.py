"""Values that are made once, however many threads ask at once, and in a forked child as well.

In: a key and how to make its value. Out: the value, the same object for everyone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """At most `most` values by key; the one that nobody has asked for longest makes room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[Hashable, T] = {}
        self._used: dict[Hashable, int] = {}
        self._times = count()
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """A lock of its own for a child: the one it inherits may be held by a thread that it does not have."""
        self._turn = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key. Threads that ask while it is made wait for it; those that ask for one made before do not."""
        found = self._made.get(key)
        if found is None:
            with self._turn:
                found = self._made.get(key)
                if found is None:
                    found = self._keep(key, make())
        self._used[key] = next(self._times)
        return found

    def made(self, key: Hashable) -> T | None:
        """The value of a key, if it has been made."""
        return self._made.get(key)

    def _keep(self, key: Hashable, value: T) -> T:
        while len(self._made) >= self._most:
            oldest = min(self._made, key=lambda item: self._used.get(item, -1))
            del self._made[oldest]
        self._used = {item: self._used.get(item, -1) for item in self._made}
        self._made[key] = value
        return value
