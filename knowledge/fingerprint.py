"""The fingerprint of a knowledge base: which knowledge answered, as one number.

In: `KnowledgeBase`. Out: SHA-256 as hexadecimal text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from .language import KnowledgeBase

_ABOUT = {"cases", "invariants", "accepted", "cards", "fingerprint"}


def fingerprint_of(knowledge: KnowledgeBase) -> str:
    """SHA-256 over every item and word; without files, lines and what only speaks about the knowledge (cases, invariants)."""
    content = knowledge.model_dump(mode="json", exclude=_ABOUT)
    canonical = json.dumps(_without_places(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(part) for key, part in value.items() if key not in {"file", "line"}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_places(part) for part in value]
    return value
