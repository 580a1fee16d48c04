"""Coverage: where each statement of a document, or row of evidence, is used.

In: `KnowledgeBase`. Out: one `Covered` per row, in the order of the references, with the items that cite it or the reason
why none does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .language import KnowledgeBase


@dataclass(frozen=True)
class Covered:
    """A statement or row of evidence and where it is used; `reason` says why not, where it is not encoded."""

    reference: str
    kind: str
    document: str
    used: tuple[str, ...]
    reason: str | None = None


def coverage_of(knowledge: KnowledgeBase) -> tuple[Covered, ...]:
    """Every statement and row of evidence with the rules, findings, conclusions and differences that cite it."""
    uses: dict[str, dict[str, None]] = {}
    for title, sources in _citing(knowledge):
        for key in sources:
            uses.setdefault(key, {})[title] = None
    reasons = {item.id: item.reason for item in knowledge.not_encoded}
    rows = [item for item in knowledge.references if item.kind in {"statement", "evidence"}]
    found = [
        Covered(row.id, row.kind, row.document or row.pack, tuple(uses.get(row.id, ())), reasons.get(row.id)) for row in rows
    ]
    listed = {row.id for row in rows}
    found += [Covered(key, "evidence", "not encoded", (), reason) for key, reason in reasons.items() if key not in listed]
    return tuple(found)


def _citing(knowledge: KnowledgeBase) -> Iterator[tuple[str, tuple[str, ...]]]:
    for rule in knowledge.rules:
        yield f"rule {rule.id.partition('.')[0]}", rule.source
    for finding in knowledge.findings:
        yield f"finding {finding.base}", finding.source
    for conclusion in knowledge.declared:
        yield f"conclusion {conclusion.base}", conclusion.source
    for item in knowledge.differences:
        yield f"difference {item.id}", item.says_source + item.published_source
