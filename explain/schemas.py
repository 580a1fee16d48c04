"""The published JSON Schemas, made from the models that read and write the documents."""

from __future__ import annotations

import json

from ..engine.case import CaseDocument
from .document import AssessmentDocument

SCHEMAS = {"case": CaseDocument, "assessment": AssessmentDocument}


def schema_of(which: str) -> str:
    """A JSON Schema as text.

    Raises:
        KeyError: there is no such schema.
    """
    if which not in SCHEMAS:
        raise KeyError(f"no schema called {which[:40]}; choose from {', '.join(sorted(SCHEMAS))}")
    return json.dumps(SCHEMAS[which].model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
