"""The long run, `make soak`: random valid cases of the shipped packs through every evaluator, more than a suite has time for.

One process answers `--durable` cases with durable-rules and the compiled program, which keeps nothing of a case, and watches
its memory; others answer `--compiled` cases with the compiled program and the reference. A difference, or memory that grows,
ends it with status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sijoint.engine import rete
from sijoint.engine.case import Recorded

from sijoint import Case, Engine, EvaluatorDisagreement, KnowledgeBase, load_knowledge
from tests.strategies import DAYS, dated_findings, values_of

KNOWN = (0.02, 0.1, 0.3, 0.6, 0.95, 1.0)
"""Share of findings that a case knows; each case takes one of these."""
WARM_UP = 2_000
GROWTH = 10.0
"""Megabytes by which memory may grow after the first `WARM_UP` cases."""
CHUNK = 5_000


def random_cases(knowledge: KnowledgeBase, count: int, seed: int) -> Iterator[Case]:
    """Valid cases, the same for the same seed: numbers around every bound, who and when where a rule reads it."""
    source = random.Random(seed)
    dated = dated_findings(knowledge)
    options = [(item.id, values_of(item, knowledge), item.id in dated) for item in sorted(knowledge.findings, key=lambda x: x.id)]
    for number in range(count):
        share = source.choice(KNOWN)
        found = []
        for name, values, signed in options:
            if source.random() < share:
                who: dict[str, Any] = (
                    {"recorded_by": source.choice([None, "Dr A"]), "recorded_on": source.choice(DAYS)} if signed else {}
                )
                found.append(Recorded(finding=name, value=source.choice(values), **who))
        yield Case(case=f"{seed}-{number}", findings=tuple(found))


def memory() -> float:
    """Megabytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def soak_durable(count: int, seed: int) -> int:
    """Answer cases in this process; the number of failures: differences, and memory that grew."""
    engine = Engine(load_knowledge(cases=False), ("durable", "compiled"))
    differences, start, settled = 0, time.monotonic(), 0.0
    for number, case in enumerate(random_cases(engine.knowledge, count, seed), 1):
        differences += answered_differently(engine, case)
        if number == min(WARM_UP, count):
            settled = memory()
        if number % 20_000 == 0 or number == count:
            rate = number / (time.monotonic() - start)
            print(
                f"durable = compiled: {number:,} cases, {differences} differences, {memory() - settled:+.1f} MB, {rate:,.0f}/s",
                flush=True,
            )
    return differences + (memory() - settled > GROWTH)


def answered_differently(engine: Engine, case: Case) -> bool:
    """Whether two evaluators differ on a case; it is printed so that it can be run again."""
    try:
        engine.infer(case)
    except EvaluatorDisagreement as error:
        print(f"{error}\n{error.case_yaml}", file=sys.stderr)
        return True
    return False


def soak_chunk(count: int, seed: int) -> tuple[int, int]:
    """Cases answered and differences found by the compiled program and the reference."""
    global _engine
    _engine = _engine or Engine(load_knowledge(cases=False), ("compiled", "reference"))
    return count, sum(answered_differently(_engine, case) for case in random_cases(_engine.knowledge, count, seed))


_engine: Engine | None = None


def soak_compiled(count: int, seed: int, processes: int) -> int:
    """Answer cases in several processes; the number of differences."""
    sizes = [min(CHUNK, count - done) for done in range(0, count, CHUNK)]
    answered = differences = 0
    start = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        for done, wrong in pool.map(soak_chunk, sizes, range(seed + 1, seed + 1 + len(sizes))):
            answered, differences = answered + done, differences + wrong
            if answered % 100_000 == 0 or answered == count:
                rate = answered / (time.monotonic() - start)
                print(f"compiled = reference: {answered:,} cases, {differences} differences, {rate:,.0f}/s", flush=True)
    return differences


def main() -> int:
    """Run both soaks; 0 when nothing differed and memory stayed flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--durable", type=int, default=200_000, help="cases through durable-rules, in this process")
    parser.add_argument("--compiled", type=int, default=1_000_000, help="cases through the compiled program and the reference")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    failures = soak_compiled(chosen.compiled, chosen.seed, chosen.processes) if chosen.compiled else 0
    if chosen.durable and rete.available():
        failures += soak_durable(chosen.durable, chosen.seed)
    print("soak failed" if failures else "soak passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
