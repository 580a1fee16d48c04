"""The front door: a case in, an assessment out, under the shipped knowledge or another clinic's.

In: a mapping, a path or a `Case`. Out: `Assessment`. A text counts as a path only if it is the name of a .yaml, .yml or .json
file; text of JSON or YAML is no case, and no message repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from .engine.case import Case
from .engine.infer import Engine, engine_for
from .explain.assessment import Assessment
from .explain.refusal import read
from .knowledge.language import KnowledgeBase
from .knowledge.loader import load_knowledge


def read_case(source: Case | Mapping[str, Any] | str | Path, knowledge: KnowledgeBase, *, as_of: date | None = None) -> Case:
    """Read and validate a case under a knowledge base; `as_of` is its day where it names none.

    Raises:
        CaseError: with every problem found, after the emergency or urgent flag that the readable answers raise.
    """
    return read(source, knowledge, as_of=as_of)


def assess(
    case: Case | Mapping[str, Any] | str | Path,
    *,
    knowledge: KnowledgeBase | None = None,
    engine: Engine | None = None,
    certificate: str | None = None,
) -> Assessment:
    """Assess one case under the shipped knowledge, under `knowledge`, or with an `engine` of your own.

    `certificate` names the certificate of that knowledge, for the record; `matching_certificate` finds it.

    Raises:
        CaseError: the case cannot be assessed as given; every problem is listed.
        EvaluatorDisagreement: two evaluators differ; there is no answer.
    """
    chosen = engine or engine_for(knowledge or load_knowledge(cases=False))
    return Assessment(chosen, read(case, chosen.knowledge), certificate)
