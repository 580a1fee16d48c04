"""A refused case -> its error, with the emergency or urgent flag that its readable answers raise said first.

In: a `CaseError` of the reader. Out: the same error, completed. Every door reads its cases here, so that no bad answer hides
a worrying one. The readable answers are looked at for flags alone; nothing else is concluded from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from ..engine.case import Case
from ..engine.case_reader import read_case
from ..engine.infer import Engine, Inference, engine_for
from ..engine.moments import uncorrected, unfounded
from ..engine.trace import resting_on
from ..knowledge.errors import CaseError, RaisedFlag, UrgentAmongReadable
from ..knowledge.items import URGENCY
from ..knowledge.language import KnowledgeBase
from .wording import Words

URGENT_TIERS = 2
MOST, NAMED = 1_000, 8


def read(source: Case | Mapping[str, Any] | str | Path, knowledge: KnowledgeBase, *, as_of: date | None = None) -> Case:
    """Read and validate a case: a mapping, a `Path`, the name of a .yaml, .yml or .json file, or a `Case`; `as_of` is its day
    where it names none.

    Raises:
        CaseError: with every problem found, after the emergency or urgent flag that the readable answers raise.
    """
    with weighed(knowledge):
        return read_case(source, knowledge, as_of=as_of)


@contextmanager
def weighed(knowledge: KnowledgeBase, meaning: Callable[[Case], Case] = lambda case: case) -> Iterator[None]:
    """Complete a `CaseError` raised inside; `meaning` makes a whole case of what could be read.

    Raises:
        CaseError: the same error, with what the readable answers raise.
    """
    try:
        yield
    except CaseError as error:
        if error.weighed or not error.readable:  # nothing was read: there is nothing to say of answers
            raise
        raise error.weighed_as(urgent_among(map(meaning, error.readable), knowledge)) from None


def urgent_among(cases: Iterator[Case], knowledge: KnowledgeBase) -> UrgentAmongReadable | None:
    """The strongest of the two strongest tiers that any moment of any of these cases raises; None for none."""
    if URGENCY not in knowledge.conclusion_by_id:
        return None
    grades = knowledge.conclusion_by_id[URGENCY].grades
    engine = engine_for(knowledge, ("compiled",))
    inferences = islice((item for case in cases for way in _ways(case) for item in engine.infer_moments(way)), MOST)
    outcomes = {item.outcome.grades: item for item in inferences}
    for tier in reversed(grades[-URGENT_TIERS:]):
        raising = [item for item in outcomes.values() if item.outcome.grade.get(URGENCY) == tier]
        if raising:
            return UrgentAmongReadable(tier, _flags(engine, raising[:NAMED], tier))
    return None


def _ways(case: Case) -> Iterator[Case]:
    """A case as first given, and with its corrections made where it has any."""
    yield uncorrected(case)
    if any(step.corrections for step in case.steps):
        yield _founded(case)


def _founded(case: Case) -> Case:
    """A case without the corrections that find nothing to correct."""
    vain = set(unfounded(case))
    steps = []
    for number, step in enumerate(case.steps):
        kept = tuple(item for item in step.corrections if (number, item.finding) not in vain)
        steps.append(step.model_copy(update={"corrections": kept}))
    return case.model_copy(update={"steps": tuple(steps)})


def _flags(engine: Engine, inferences: list[Inference], tier: str) -> tuple[RaisedFlag, ...]:
    """What the urgency rests on, each conclusion once, in order of declaration."""
    words = Words(engine.knowledge)
    found: dict[str, str] = {}
    for item in inferences:
        for name in resting_on(engine.trace(item), URGENCY, tier):
            found.setdefault(name, words.graded(name, item.outcome.grade[name]))
    return tuple(RaisedFlag(item.id, found[item.id]) for item in engine.knowledge.conclusions if item.id in found)
