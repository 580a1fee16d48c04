"""Assessments may be made from any thread, a forked child and asyncio; the answers are those of one thread."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import io
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import EXAMPLES
from sijoint.engine.infer import engine_for
from sijoint.knowledge.once import Once

from sijoint import KnowledgeBase, assess, default_evaluators, load_knowledge, read_case

T = TypeVar("T")
FEW = EXAMPLES[:3]


def digest(path: Path, knowledge: KnowledgeBase) -> str:
    return hashlib.sha256(assess(path, engine=engine_for(knowledge, default_evaluators())).to_json().encode()).hexdigest()


@pytest.fixture(scope="module")
def alone(knowledge: KnowledgeBase) -> dict[Path, str]:
    """The answers of one thread."""
    return {path: digest(path, knowledge) for path in EXAMPLES}


def test_eight_threads_give_the_answers_of_one(alone: dict[Path, str], knowledge: KnowledgeBase) -> None:
    work = [path for _ in range(8) for path in EXAMPLES]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: digest(path, knowledge), work))
    assert found == [alone[path] for path in work]


def test_threads_may_be_the_first_to_load() -> None:
    """Nothing has been imported yet when eight threads ask at once."""
    code = f"""
    from concurrent.futures import ThreadPoolExecutor
    import sijoint
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: sijoint.assess({str(EXAMPLES[0])!r}).to_json(), range(8)))
    assert len(found) == 1, len(found)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_gives_the_same_answers(alone: dict[Path, str], knowledge: KnowledgeBase) -> None:
    """Forked while other threads assess, so that the child inherits a lock that may be held."""
    context = multiprocessing.get_context("fork")
    with ThreadPoolExecutor(2) as busy:
        running = [busy.submit(digest, path, knowledge) for path in EXAMPLES * 2]
        with context.Pool(2) as pool:
            found = pool.starmap(digest, [(path, knowledge) for path in EXAMPLES])
        assert [item.result() for item in running] == [alone[path] for path in EXAMPLES * 2]
    assert found == list(alone.values())


def test_asyncio_runs_assessments_in_threads(alone: dict[Path, str], knowledge: KnowledgeBase) -> None:
    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(asyncio.to_thread(digest, path, knowledge) for path in EXAMPLES))

    assert asyncio.run(all_at_once()) == list(alone.values())


# Threads that meet --------------------------------------------------------------------------------------------


def together(threads: int, work: Callable[[int], T]) -> list[T]:
    """The results of work that every thread begins at the same moment; the first exception is raised."""
    start = threading.Barrier(threads)

    def begin(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def test_eight_cold_threads_load_once_and_build_one_engine() -> None:
    code = """
    import threading
    from concurrent.futures import ThreadPoolExecutor
    import sijoint
    from sijoint.engine import infer
    from sijoint.knowledge import loader

    loads, engines, load, init = [], [], loader._load, infer.Engine.__init__
    loader._load = lambda *given: loads.append(1) or load(*given)
    infer.Engine.__init__ = lambda self, *given: engines.append(1) or init(self, *given)
    start = threading.Barrier(8)
    doors = [
        lambda: sijoint.assess({}).engine, lambda: sijoint.Session().engine, lambda: next(sijoint.assess_many([{}])).engine,
        lambda: infer.engine_for(sijoint.load_knowledge(cases=False)),
    ]

    def work(number):
        start.wait()
        return doors[number % 4]()

    with ThreadPoolExecutor(8) as pool:
        found = set(map(id, pool.map(work, range(8))))
    assert (len(found), len(loads), len(engines)) == (1, 1, 1), (len(found), len(loads), len(engines))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=300)


def test_knowledge_and_case_are_pickled_and_copied_while_other_threads_compute(knowledge: KnowledgeBase) -> None:
    """What is computed on first use grows in the same object that is being pickled."""
    answers = assess(EXAMPLES[0]).to_json()

    def work(number: int) -> bool:
        shared_case = case_of_this_round[0]
        shared = knowledge_of_this_round[0]
        if number % 2:
            again = pickle.loads(pickle.dumps((shared, shared_case)))
            return again == (shared, shared_case) and copy.deepcopy(shared) == shared and shared.model_copy() == shared
        _ = (shared.rules_for, shared.kind_by_id, shared.finding_by_id, shared.content, shared.reference_by_id)
        return assess(shared_case, knowledge=shared).to_json() == answers

    for _ in range(2):
        knowledge_of_this_round = [knowledge.model_copy(update={"cases": ()})]
        case_of_this_round = [read_case(EXAMPLES[0], knowledge)]
        assert all(together(8, work))


@pytest.mark.parametrize("kind", ["knowledge", "case"])
def test_pickling_survives_a_value_that_is_computed_meanwhile(kind: str, knowledge: KnowledgeBase) -> None:
    """The race, made certain: while the parts are pickled, something is computed on the object."""
    shared: Any = knowledge.model_copy() if kind == "knowledge" else read_case(EXAMPLES[0], knowledge).model_copy()

    class Meanwhile(pickle.Pickler):
        def persistent_id(self, item: Any) -> None:
            if isinstance(item, tuple):
                vars(shared)[f"computed{len(vars(shared))}"] = item

    Meanwhile(io.BytesIO()).dump(shared)
    assert len(vars(shared)) > len(type(shared).model_fields)


def test_hammered_from_eight_threads_every_answer_is_that_of_one(alone: dict[Path, str], knowledge: KnowledgeBase) -> None:
    """Load, infer, explain, pickle and copy, each thread in an order of its own."""

    def work(number: int) -> list[str]:
        turned = [*FEW[number % 3 :], *FEW[: number % 3]]
        found = []
        for path in turned:
            assessment = pickle.loads(pickle.dumps(assess(path, knowledge=load_knowledge(cases=number % 2 == 0))))
            copy.deepcopy(assessment.case)
            assessment.why(assessment.conclusions[0].id)
            found.append(hashlib.sha256(assessment.to_json().encode()).hexdigest())
        return sorted(found)

    assert together(8, work) == [sorted(alone[path] for path in FEW)] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_forked_while_a_value_is_made_makes_its_own() -> None:
    """The lock that the child inherits is held by a thread that it does not have."""
    once: Once[str] = Once(2)
    making, forked = threading.Event(), threading.Event()

    def make() -> str:
        making.set()
        forked.wait()
        return "parent"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(once.get, "key", make)
        making.wait()
        child = os.fork()
        if child == 0:  # pragma: no cover - in the child
            os._exit(0 if once.get("key", lambda: "child") == "child" else 1)
        forked.set()
        assert slow.result() == "parent"
    assert os.waitpid(child, 0)[1] == 0


def test_only_as_many_values_are_kept_as_asked_for() -> None:
    once: Once[object] = Once(2)
    first, second = (once.get(key, object) for key in "ab")
    assert once.get("a", object) is first
    once.get("c", object)
    assert once.get("a", object) is first
    assert once.get("b", object) is not second
