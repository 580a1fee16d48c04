"""A slice of the hostile commands; `tests/fuzz/commands.py` tries as many as it is asked to."""

from __future__ import annotations

import random

import pytest
from fuzz.commands import attempt


@pytest.mark.parametrize("seed", range(6))
def test_no_hostile_command_ends_as_none_may(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(10):
        attempt(rng)
