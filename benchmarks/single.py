"""Single cases: this library and its peers on the same base and the same cases, each checked against the oracle first.

In: a base. Out: microseconds per case by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import oracle
from benchmarks.bases import Base, make_cases
from benchmarks.peers import ADAPTERS, Case
from benchmarks.timing import medians, over
from sijoint import Engine, KnowledgeBase, assess, read_case

FIRED, ALONE, DURABLE, BOTH = (
    "sijoint, mapping to fired ids",
    "sijoint assess(), compiled alone",
    "sijoint assess(), durable-rules alone",
    "sijoint assess(), both (the default)",
)
CHECKED = 100
Fired = Callable[[Case], Iterable[str]]


def measure(
    base: Base, knowledge: KnowledgeBase, *, peers: Iterable[str], durable: bool, cases: int = 100, rounds: int = 9
) -> dict[str, float]:
    """Microseconds per case; `peers` by name, `durable` whether this library's durable-rules evaluator takes part."""
    given = list(make_cases(base, cases))
    runs = {name: over(fired, map(prepare, given)) for name, (fired, prepare) in _peers(base, set(peers)).items()}
    compiled = Engine(knowledge, ("compiled",))
    _check(FIRED, base, compiled.bitplane.fired)
    runs[FIRED] = over(compiled.bitplane.fired, given)
    engines = {ALONE: compiled}
    if durable:
        engines |= {DURABLE: Engine(knowledge, ("durable",)), BOTH: Engine(knowledge, ("durable", "compiled"))}
    validated = [read_case({"findings": case}, knowledge) for case in given]
    for name, engine in engines.items():
        answer = _assessing(engine)
        _check(name, base, lambda case, answer=answer: answer(read_case({"findings": case}, knowledge)).fired)  # type: ignore[misc]
        runs[name] = over(answer, validated)
    return {name: taken / cases * 1e6 for name, taken in medians(runs, rounds).items()}


def _assessing(engine: Engine) -> Callable[[Any], Any]:
    return lambda case: assess(case, engine=engine)


def _peers(base: Base, wanted: set[str]) -> dict[str, tuple[Fired, Callable[[Case], Case]]]:
    """Each peer's function and what prepares a case for it before the clock runs."""
    found: dict[str, tuple[Fired, Callable[[Case], Case]]] = {}
    for make in ADAPTERS:
        name = str(getattr(make, "name", ""))
        if name in wanted:
            adapter = make(base)
            prepare = getattr(adapter, "prepare", dict)
            found[name] = adapter.fired, prepare
            if hasattr(adapter, "fired_uncompiled"):
                found[f"{name}, evaluate_expression"] = adapter.fired_uncompiled, prepare
    for name, (fired, prepare) in found.items():
        _check(name, base, lambda case, fired=fired, prepare=prepare: fired(prepare(case)))  # type: ignore[misc]
    return found


def _check(name: str, base: Base, fired: Fired) -> None:
    for case in make_cases(base, CHECKED, seed=99):
        if set(fired(case)) != oracle.fired(base, case):
            raise SystemExit(f"{name} gives a wrong answer; nothing is measured")
