"""A slice of the damaged packs: each is refused in words or answered."""

from __future__ import annotations

import random

import pytest
from fuzz.packs import attempt

EACH = 30


@pytest.mark.parametrize("start", range(0, 5 * EACH, EACH))
def test_a_damaged_pack_is_refused_in_words_or_answered(start: int) -> None:
    for seed in range(start, start + EACH):
        attempt(random.Random(seed))
