"""The fingerprint of a knowledge base: which knowledge answered, as one number.

In: `KnowledgeBase`. Out: SHA-256 as hexadecimal text.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel

ITEMS = (
    "packs",
    "findings",
    "conclusions",
    "parameters",
    "references",
    "rules",
    "constraints",
    "screens",
    "flags",
    "differences",
    "estimates",
    "not_encoded",
    "wording",
)
"""What counts: every item and word, without its file and line, but not what only speaks about the knowledge."""


def fingerprint_of(knowledge: BaseModel) -> str:
    """SHA-256 over the kinds and every item and word, in their order; without files, lines, cases and invariants."""
    places: dict[str, Any] = {name: {"__all__": {"file", "line"}} for name in ITEMS}
    content = knowledge.model_dump(mode="json", include={"kinds", *ITEMS}, exclude=places, warnings=False)
    canonical = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def identity_of(knowledge: BaseModel) -> str:
    """SHA-256 over everything but the cases beside the rules: two bases that share it may share one engine."""
    return hashlib.sha256(knowledge.model_dump_json(exclude={"cases"}, warnings=False).encode()).hexdigest()
