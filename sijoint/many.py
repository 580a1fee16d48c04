"""Many cases: one after another in bounded memory, or as columns without an object per case.

In: an iterable of cases, or finding columns. Out: an iterator of assessments in order, or a `Batch` whose every row can be
assessed in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .engine.case import Case
from .engine.columns import Batch, infer_columns
from .engine.infer import Engine, engine_for, reproduce
from .engine.program import Outcome
from .engine.trace import find_contradictions
from .explain.assessment import Assessment
from .front import assess
from .knowledge.errors import EvaluatorDisagreement
from .knowledge.language import KnowledgeBase
from .knowledge.loader import load_knowledge


def assess_many(
    cases: Iterable[Case | Mapping[str, Any] | str | Path],
    *,
    knowledge: KnowledgeBase | None = None,
    engine: Engine | None = None,
) -> Iterator[Assessment]:
    """Assess cases one by one, in order, keeping none of them.

    A case that cannot be assessed raises when its turn comes; asking for the next one goes on with the case after it.

    Raises:
        CaseError: the case in turn cannot be assessed as given.
        EvaluatorDisagreement: two evaluators differ about the case in turn; it has no answer.
    """
    chosen = engine or engine_for(knowledge or load_knowledge(cases=False))
    return map(partial(assess, engine=chosen), cases)


def assess_columns(
    columns: Any,
    *,
    keep: Iterable[str] = (),
    id: str | None = None,
    rules: Iterable[str] | None = None,
    knowledge: KnowledgeBase | None = None,
    engine: Engine | None = None,
) -> Batch:
    """Evaluate finding columns with the compiled evaluator alone; docs/columns.md says what goes in and out.

    `keep` names columns to copy beside the answers, `id` one more, which names each row when it is assessed in full. The index
    of a pandas frame is kept without being named. `rules` names the rules whose planes are wanted, by default all.

    Raises:
        CaseError: a column cannot be used or kept; every problem is listed.
        EngineError: `rules` names a rule that does not exist, or the table needs pyarrow, which is not installed.
    """
    chosen = engine or engine_for(knowledge or load_knowledge(cases=False), ("compiled",))
    return infer_columns(chosen.bitplane, chosen.knowledge, columns, rules, keep=keep, id=id)


def assess_row(batch: Batch, row: int, *, engine: Engine | None = None) -> Assessment:
    """One row of a batch in full, by default with both evaluators, its answer compared with the batch.

    Raises:
        RowError: there is no such row; an IndexError.
        EvaluatorDisagreement: the columns gave another answer for this row.
    """
    assessment = assess(batch.case(row), engine=engine or engine_for(batch.knowledge))
    outcome, case = assessment.inference.outcome, assessment.case
    broken = {item.constraint for item in find_contradictions(batch.knowledge, case)}
    columns = (batch.outcome(row), batch.disposition(row), set(batch.contradictions(row)))
    alone = (Outcome(outcome.fired & batch.rules.keys(), outcome.grades), assessment.disposition, broken)
    if columns != alone:
        both: dict[str, object] = {"columns": columns, " and ".join(assessment.inference.evaluators): alone}
        raise EvaluatorDisagreement(both, reproduce(case))
    return assessment
