"""A kind that gives way by rule, to test the runner: seed 7 ends the process, seed 13 fails, the others pass."""

from __future__ import annotations

import os
import random


def attempt(rng: random.Random) -> None:
    """End the process, fail, or pass, by what the generator of the seed draws first."""
    first = rng.random()
    if first == random.Random(7).random():
        os.abort()
    assert first != random.Random(13).random(), "thirteen"
