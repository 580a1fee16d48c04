"""Timing: callables in turns in one run, by the processor time of this process: other work counts little."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from time import process_time
from typing import Any

Run = Callable[[], Any]


def seconds(run: Run) -> float:
    """Processor time of one call, all threads of the process together."""
    start = process_time()
    run()
    return process_time() - start


def medians(runs: Mapping[str, Run], rounds: int) -> dict[str, float]:
    """The median seconds of each callable over some rounds of one call each; one round before them is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + 1):
            for name, run in runs.items():
                duration = seconds(run)
                if number:
                    taken[name].append(duration)
    finally:
        gc.enable()
    return {name: median(values) for name, values in taken.items()}


def over(function: Callable[[Any], Any], items: Iterable[Any]) -> Run:
    """A callable that applies a function to every item."""
    kept = list(items)

    def run() -> None:
        for item in kept:
            function(item)

    return run


def table(heading: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] + ["---:"] * (len(heading) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
