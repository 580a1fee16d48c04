"""Assessments may be made from any thread, a forked child and asyncio; the answers are those of one thread."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import EXAMPLES
from sijoint.engine.infer import engine_for

from sijoint import KnowledgeBase, assess, default_evaluators


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
