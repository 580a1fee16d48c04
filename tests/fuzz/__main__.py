"""Runs the attempts of every kind of hostile input: `python -m tests.fuzz --count 100000`, or `--kind cases --seed 17` for one.

In: how many attempts, of which kinds, from which seed on. Out: a line for each kind, and each failure with the command that
repeats it; exit status 1 where there is one. Attempt N draws from `Random(N)` alone. Attempts run in blocks in processes of
their own: one that ends its process is found, by halving its block, and named like any other failure.
"""

from __future__ import annotations

import argparse
import importlib
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BLOCK = 500
SECONDS = 1_800
"""After this a block is taken to hang; an attempt is milliseconds."""
MOST_FAILURES = 20


def kinds() -> tuple[str, ...]:
    """The kinds that there are modules for."""
    return tuple(sorted(path.stem for path in HERE.glob("*.py") if path.stem[0] != "_"))


def attempt(kind: str, seed: int) -> None:
    """One attempt.

    Raises:
        AssertionError: something gave way.
    """
    if str(HERE.parent) not in sys.path:
        sys.path.insert(0, str(HERE.parent))  # the builders of the tests
    importlib.import_module(f"fuzz.{kind}").attempt(random.Random(seed))


def run_block(kind: str, first: int, count: int) -> str:
    """What went wrong in a block that ran in a process of its own; empty where nothing did."""
    command = [sys.executable, "-m", "tests.fuzz", "--block", "--kind", kind, "--seed", str(first), "--count", str(count)]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"no end within {SECONDS} s"
    return "" if ran.returncode == 0 else f"exit status {ran.returncode}\n{ran.stderr[-2_000:]}"


def failures(kind: str, first: int, count: int) -> Iterator[tuple[int, str]]:
    """The seeds of a block that fail, each alone, with what was said; a failure of the block alone is named by its first seed."""
    said = run_block(kind, first, count)
    if not said:
        return
    if count == 1:
        yield first, said
        return
    half = count // 2
    found = [*failures(kind, first, half), *failures(kind, first + half, count - half)]
    yield from found or [(first, f"only as a block of {count}: {said}")]


def blocks(count: int, seed: int) -> list[tuple[int, int]]:
    """First seed and length of each block.

    >>> blocks(1_200, 10)
    [(10, 500), (510, 500), (1010, 200)]
    """
    return [(seed + start, min(BLOCK, count - start)) for start in range(0, count, BLOCK)]


def run(kind: str, count: int, seed: int, jobs: int) -> list[tuple[int, str]]:
    """Every failure of one kind, in order of seed."""
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda block: list(failures(kind, *block)), blocks(count, seed))
        return [failure for part in found for failure in part]


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 where something gave way, 2 where there is no such kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Hostile input of every kind.")
    parser.add_argument("--count", type=int, help="attempts in all; 1 with --kind and --seed, else 1000")
    parser.add_argument("--kind", help="cases, packs, tables or commands; every kind by default")
    parser.add_argument("--seed", type=int, help="the first seed, 0 by default")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--block", action="store_true", help="in this process, ending at the first failure")
    asked = parser.parse_args(arguments)
    if asked.block:
        for number in range(asked.seed, asked.seed + asked.count):
            attempt(asked.kind, number)
        return 0
    chosen = [asked.kind] if asked.kind else [*kinds()]
    if not chosen or not set(chosen) <= set(kinds()):
        print(f"no such kind; choose from {', '.join(kinds()) or 'none'}", file=sys.stderr)
        return 2
    count = asked.count or (1 if asked.kind and asked.seed is not None else 1_000)
    seed = asked.seed or 0
    return max(_report(kind, run(kind, -(-count // len(chosen)), seed, asked.jobs), count // len(chosen)) for kind in chosen)


def _report(kind: str, found: list[tuple[int, str]], count: int) -> int:
    print(f"{kind}: {count} attempts, {len(found)} failures")
    for seed, said in found[:MOST_FAILURES]:
        print(f"  python -m tests.fuzz --kind {kind} --seed {seed}\n{said}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
