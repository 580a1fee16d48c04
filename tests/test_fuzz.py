"""A slice of the hostile input, and the runner itself: what gives way is named by the seed that repeats it."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from conftest import ROOT
from fuzz.__main__ import attempt, blocks, kinds, main, run

SLICE = 40


def test_names_the_seeds_that_give_way_even_where_the_process_ends() -> None:
    found = run("_giving_way", 20, 0, 1)
    assert [seed for seed, _ in found] == [7, 13]
    assert "exit status -6" in found[0][1]
    assert "AssertionError: thirteen" in found[1][1]
    assert run("_giving_way", 7, 0, 1) == run("_giving_way", 5, 8, 1) == []


@pytest.mark.parametrize(("count", "seed"), [(1, 0), (500, 3), (501, 0), (1_200, 10)])
def test_blocks_hold_every_seed_once(count: int, seed: int) -> None:
    held = [number for first, length in blocks(count, seed) for number in range(first, first + length)]
    assert held == list(range(seed, seed + count))


def test_one_seed_repeats_one_attempt() -> None:
    attempt("_giving_way", 12)
    with pytest.raises(AssertionError, match="thirteen"):
        attempt("_giving_way", 13)


def test_refuses_a_kind_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kind", "nothing"]) == 2
    assert "no such kind; choose from" in capsys.readouterr().err


def test_the_command_runs_as_documented() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--block", "--kind", "_giving_way", "--seed", "13", "--count", "1"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 1


@pytest.mark.parametrize("kind", kinds())
def test_a_slice_of_every_kind_holds(kind: str) -> None:
    for seed in range(SLICE):
        attempt(kind, seed)


def test_an_attempt_draws_from_its_seed_alone() -> None:
    state = random.getstate()
    attempt("_giving_way", 1)
    assert random.getstate() == state
