"""Every evaluator gives one answer: random knowledge bases x random cases, durable-rules in a process that is recycled."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from instants import surely_later
from sijoint.engine import reference
from sijoint.engine.atoms import decide_all
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.case import Case, Recorded
from sijoint.engine.program import Outcome, compile_program
from sijoint.engine.rete import available
from sijoint.knowledge.conditions import Later, Present
from sijoint.knowledge.language import Conclusion, Consequence, Finding, Kind, KnowledgeBase, Reference, Rule
from strategies import knowledge_bases, moments, moments_of_any_year

BASES, CASES = 500, 20
BASES_PER_PROCESS = 50


def durable_outcomes(knowledge: KnowledgeBase, given_cases: list[Case]) -> list[Outcome]:
    """The answers of durable-rules; runs in a process of its own."""
    from sijoint.engine.rete import Rete

    rete = Rete(compile_program(knowledge))
    return [rete.evaluate(case) for case in given_cases]


@pytest.fixture(scope="module")
def other_process() -> Iterator[Executor]:
    """One process at a time; a new one after every fifty knowledge bases."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=BASES_PER_PROCESS) as executor:
        yield executor


def outcomes_on_planes(bitplane: Bitplane, given_cases: list[Case], one: object, columns: list[object]) -> list[Outcome]:
    """Outcomes read back, bit by bit, from long ints or NumPy words."""
    program = bitplane.program
    results = bitplane.run(columns, one)
    found = []
    for row in range(len(given_cases)):
        word, bit = divmod(row, 64)
        holds = [bool(int(plane[word]) >> bit & 1 if isinstance(plane, np.ndarray) else plane >> row & 1)
                 for plane in (*results.rules, *results.grades)]  # fmt: skip
        fired = frozenset(rule.id for rule, fires in zip(program.rules, holds, strict=False) if fires)
        held = dict(key for key, derived in zip(bitplane.grade_keys, holds[len(program.rules) :], strict=True) if derived)
        found.append(Outcome(fired, tuple(held.items())))
    return found


def check_every_evaluator(knowledge: KnowledgeBase, given_cases: list[Case], other: Executor) -> None:
    bitplane = Bitplane(compile_program(knowledge))
    durable = other.submit(durable_outcomes, knowledge, given_cases) if available() else None
    expected = [reference.evaluate(knowledge, case) for case in given_cases]
    assert [bitplane.evaluate(case) for case in given_cases] == expected
    decided = [decide_all(bitplane.program.atoms, case) for case in given_cases]
    single = [
        outcomes_on_planes(bitplane, [case], 1, [int(bit) for bit in bits])
        for case, bits in zip(given_cases, decided, strict=True)
    ]
    assert [outcome for (outcome,) in single] == expected
    long = [sum(bit << row for row, bit in enumerate(column)) for column in zip(*decided, strict=True)]
    assert outcomes_on_planes(bitplane, given_cases, (1 << len(given_cases)) - 1, long) == expected
    words = [np.array([number], np.uint64) for number in long]
    assert outcomes_on_planes(bitplane, given_cases, np.array([2**64 - 1], np.uint64), words) == expected
    if durable is not None:
        assert durable.result() == expected


@settings(max_examples=BASES, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(data=st.data())
def test_all_evaluators_give_one_answer(data: st.DataObject, other_process: Executor) -> None:
    knowledge = data.draw(knowledge_bases())
    check_every_evaluator(knowledge, [data.draw(moments(knowledge)) for _ in range(CASES)], other_process)


RESOLVING = KnowledgeBase(
    packs=(),
    kinds=(("plain", Kind()),),
    findings=tuple(Finding(id=name, type="yes_no", obtained_by="history", source=("R1",)) for name in ("scan", "pain")),
    conclusions=(Conclusion(id="clear", kind="plain", source=("R1",)),),
    parameters=(),
    references=(Reference(id="R1", kind="design"),),
    rules=(
        Rule(id="base/clears", title="clears", when=Later(finding="scan", than=(Present(finding="pain"),)),
             then=(Consequence(conclusion="clear", grade="given"),), source=("R1",)),
    ),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(scanned=moments_of_any_year(), hurt=moments_of_any_year())
@example(scanned=date(999, 5, 1), hurt=date(1000, 5, 1))
@example(scanned=date(1000, 5, 1), hurt=date(999, 5, 1))
def test_dates_of_any_year_are_compared_as_dates(scanned: date, hurt: date) -> None:
    given = (
        Recorded(finding="pain", value=True, recorded_on=hurt),
        Recorded(finding="scan", value=True, recorded_by="Dr A", recorded_on=scanned),
    )
    case = Case(case="x", as_of=date(9999, 12, 31), findings=given)
    outcome = reference.evaluate(RESOLVING, case)
    assert Bitplane(compile_program(RESOLVING)).evaluate(case) == outcome
    assert ("clear" in outcome.grade) is surely_later(scanned, hurt)
