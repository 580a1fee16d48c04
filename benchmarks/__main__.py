"""`python -m benchmarks`: every measurement in one run, as Markdown on stdout; needs the extras `bench` and `columns`."""

from __future__ import annotations

import argparse
import platform
import sys
import tracemalloc
from importlib.metadata import version
from time import process_time

import pyarrow as pa
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.columns import infer_columns

from benchmarks import oracle
from benchmarks.bases import Base, make_base
from benchmarks.column_peers import DuckDb, Polars, make_copy, make_table
from benchmarks.ours import base_of, knowledge_of
from benchmarks.single import ALONE, BOTH, DURABLE, FIRED, measure
from benchmarks.timing import medians, table
from sijoint import Engine, KnowledgeBase, load_knowledge

SIZES = ((100, 70), (1_000, 200), (2_000, 300), (10_000, 700))
PEERS = {100: ("zen-engine", "clipspy", "clingo", "durable-rules"), 1_000: ("zen-engine", "clipspy", "clingo", "durable-rules")}
DURABLE_UP_TO = 2_000
ROWS = 1_000_000
COPIED = 256 * 1024 * 1024
PACKAGES = ("zen-engine", "clipspy", "clingo", "durable_rules", "polars", "duckdb", "numpy", "pyarrow")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="part", help="single, knowledge, columns; all by default")
    parts = parser.parse_args().only or ["single", "knowledge", "columns"]
    print(f"Python {platform.python_version()}, {platform.machine()}, {', '.join(f'{p} {version(p)}' for p in PACKAGES)}\n")
    if "single" in parts:
        single()
    if "knowledge" in parts:
        real_knowledge()
    if "columns" in parts:
        for typed in (False, True):
            columns(typed=typed)


def single() -> None:
    """Single cases on generated bases, and what compiling costs."""
    taken: dict[int, dict[str, float]] = {}
    compiling = {}
    for rules, findings in SIZES:
        base = make_base(rules, findings)
        knowledge = knowledge_of(base)
        start = process_time()
        Engine(knowledge, ("compiled",)).bitplane  # noqa: B018 - compiles
        compiling[rules] = process_time() - start
        small = rules <= 1_000
        taken[rules] = measure(
            base,
            knowledge,
            peers=PEERS.get(rules, ("zen-engine",)),
            durable=rules <= DURABLE_UP_TO,
            cases=100 if small else 20,
            rounds=9 if small else 5,
        )
        progress(f"{rules} rules")
    print("## One case: microseconds per case, median\n")
    print_single(taken)
    print("\n## Compiling: seconds\n")
    print(table(["rules", "seconds"], [[f"{rules:,}", f"{value:.2f}"] for rules, value in compiling.items()]))


def print_single(taken: dict[int, dict[str, float]]) -> None:
    """A row per engine; in brackets the ratio to this library's mapping to fired ids."""
    names = list(dict.fromkeys(name for column in taken.values() for name in column))
    rows = [[name, *(cell(column, name) for column in taken.values())] for name in names]
    print(table(["", *(f"{rules:,} rules" for rules in taken)], rows))
    for rules, column in taken.items():
        zen = column["zen-engine"]
        line = f"{rules:,} rules: fired ids at 1/{zen / column[FIRED]:.1f} of zen-engine"
        line += f"; assess() with the compiled evaluator alone at {column[ALONE] / zen:.2f} of it"
        if BOTH in column:
            line += f"; both evaluators at {column[BOTH] / column[DURABLE]:.3f} of durable-rules alone"
        print(f"- {line}")


def cell(column: dict[str, float], name: str) -> str:
    """Microseconds and the ratio to ours."""
    return f"{column[name]:,.1f} (x{column[name] / column[FIRED]:,.1f})" if name in column else "-"


def real_knowledge() -> None:
    """Single cases on the shipped knowledge."""
    knowledge = load_knowledge()
    base = base_of(knowledge)
    taken = {len(base.rules): measure(base, knowledge, peers=("zen-engine", "clingo"), durable=True, cases=50, rounds=7)}
    print("## The shipped knowledge: microseconds per case, median\n")
    print_single(taken)


def columns(*, typed: bool) -> None:
    """A million cases in columns on one core."""
    base = make_base(100, 70, typed=typed)
    knowledge = knowledge_of(base)
    bitplane = Engine(knowledge, ("compiled",)).bitplane
    given = make_table(base, ROWS)
    runs = {"memory copy of 256 MB": make_copy(COPIED)}
    answers = {
        "sijoint, boolean columns": lambda: infer_columns(bitplane, knowledge, given),
        "sijoint, Arrow table with graded conclusions": lambda: infer_columns(bitplane, knowledge, given).to_arrow(),
    }
    for make in (Polars, DuckDb):
        adapter = make(base, given)
        check_columns(adapter.name, base, given, adapter.fired())
        answers[adapter.name] = adapter.fired
    check_columns("sijoint", base, given, infer_columns(bitplane, knowledge, given).to_arrow())
    taken = medians(runs | answers, 7)
    kind = "a tenth of the findings numbers, a tenth choices" if typed else "yes/no findings"
    print(f"## Columns: {ROWS:,} cases x 100 rules over 70 findings on one core, {kind}\n")
    print_columns(taken, extra_memory(bitplane, knowledge, given))
    progress("columns")


def print_columns(taken: dict[str, float], extra: float) -> None:
    """A row per engine, and the figures scaled to a copy of 20 GB/s."""
    copy = COPIED / taken["memory copy of 256 MB"] / 1e9
    ours = taken["sijoint, boolean columns"]
    rows = [[name, f"{value * 1e3:,.1f}", f"{ROWS / value / 1e6:,.1f}", f"x{value / ours:,.1f}"] for name, value in taken.items()]
    print(table(["", "ms", "million cases/s", "ratio"], rows))
    print(f"- memory copy {copy:.1f} GB/s; {ROWS / ours / 1e6 * 20 / copy:,.0f} million cases/s scaled to 20 GB/s")
    print(f"- memory beyond input and output: {extra / 1e6:.1f} MB\n")


def check_columns(name: str, base: Base, given: pa.Table, fired: pa.Table | dict[str, pa.Array]) -> None:
    """Compare some rows with the oracle."""
    for row in range(0, given.num_rows, given.num_rows // 50):
        case = {
            key: column[row].as_py()
            for key, column in zip(given.column_names, given.columns, strict=True)
            if column[row].is_valid
        }
        if {rule.id for rule in base.rules if fired[rule.id][row].as_py()} != oracle.fired(base, case):
            raise SystemExit(f"{name} gives a wrong answer; nothing is measured")


def extra_memory(bitplane: Bitplane, knowledge: KnowledgeBase, given: pa.Table) -> float:
    """The most bytes held at once by Python, NumPy and Arrow, beyond what was given and what comes out."""
    arrow = pa.total_allocated_bytes()
    tracemalloc.start()
    batch = infer_columns(bitplane, knowledge, given)
    most = tracemalloc.get_traced_memory()[1] + pa.total_allocated_bytes() - arrow
    tracemalloc.stop()
    return most - sum(plane.nbytes for plane in (*batch.rules.values(), *batch.grades.values()))


def progress(what: str) -> None:
    """Say on stderr what is done."""
    print(f"measured: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
