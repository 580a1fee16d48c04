"""The fingerprint of a knowledge base: which knowledge answered, as one number.

In: `KnowledgeBase`. Out: SHA-256 as hexadecimal text.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .language import KnowledgeBase

ITEMS = (
    "packs",
    "findings",
    "conclusions",
    "parameters",
    "references",
    "rules",
    "constraints",
    "screens",
    "differences",
    "estimates",
    "not_encoded",
    "wording",
)
"""What counts: every item and word, without its file and line, but not what only speaks about the knowledge."""


def fingerprint_of(knowledge: KnowledgeBase) -> str:
    """SHA-256 over the kinds and every item and word; without files, lines, cases and invariants."""
    places: dict[str, Any] = {name: {"__all__": {"file", "line"}} for name in ITEMS}
    content = knowledge.model_dump(mode="json", include={"kinds", *ITEMS}, exclude=places)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
