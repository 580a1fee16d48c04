"""The published JSON Schemas, made from the models that read and write the documents."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from ..engine.case import CaseDocument
from ..knowledge.errors import AskedError
from .arguments import Ledger
from .contrast import Contrast
from .counterfactual import Counterfactuals
from .document import AssessmentDocument
from .justification import Justification
from .questions import QuestionGroup
from .settled import Settled
from .what_if import Shifts
from .why_not import WhyNot

SCHEMAS: dict[str, Any] = {
    "case": CaseDocument,
    "assessment": AssessmentDocument,
    "why": Justification,
    "why-not": WhyNot,
    "what-if": Shifts,
    "contrast": Contrast,
    "counterfactuals": Counterfactuals,
    "settled": Settled,
    "ask": tuple[QuestionGroup, ...],
    "arguments": tuple[Ledger, ...],
}


def schema_of(which: str) -> str:
    """A JSON Schema as text.

    Raises:
        AskedError: there is no such schema.
    """
    if which not in SCHEMAS:
        raise AskedError(f"no schema called {which[:40]}; choose from {', '.join(sorted(SCHEMAS))}")
    return json.dumps(TypeAdapter(SCHEMAS[which]).json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
