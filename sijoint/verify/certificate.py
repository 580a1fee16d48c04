"""Everything shown about one knowledge base, bound to its fingerprint: a certificate to sign and to check again.

In: `KnowledgeBase` and the evidence. Out: `Certificate`; its JSON is the same bytes each time, and `digest` is their SHA-256
without the digest. Signing is left to the clinic's own means.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..knowledge.card import attributes_of
from ..knowledge.claims import Card
from ..knowledge.language import KnowledgeBase

SCHEMA: Literal["sijoint.certificate/1"] = "sijoint.certificate/1"
FOLDER = "SIJOINT_CERTIFICATES"
"""The environment variable that names the folder of certificates."""
FROZEN = ConfigDict(frozen=True, extra="forbid")


class ProofRecord(BaseModel):
    """One invariant, who decided it, within which limit, and the verdict."""

    model_config = FROZEN
    invariant: str
    says: str
    verdict: str
    solver: str
    limit: int


class CardRecord(BaseModel):
    """The knowledge card of one pack as it stood."""

    model_config = FROZEN
    pack: str
    version: str
    title: str
    intended_use: str
    misuse: str
    users: str
    population: str
    limits: tuple[str, ...]
    reviewed_by: tuple[str, ...]
    sources: int
    inputs: int
    attributes: tuple[tuple[str, str], ...]


class Certificate(BaseModel):
    """What was shown about one knowledge base."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)
    schema_: Literal["sijoint.certificate/1"] = Field(default=SCHEMA, alias="schema")
    as_of: date
    fingerprint: str
    evidence: str
    software: str
    packs: tuple[tuple[str, str], ...]
    rules: int
    proofs: tuple[ProofRecord, ...]
    proved: str
    clauses: int
    clauses_decided: int
    mutation: str
    cases: int
    case_problems: int
    diagnostics: int
    gaps: tuple[str, ...]
    cards: tuple[CardRecord, ...]
    digest: str = ""

    @property
    def name(self) -> str:
        """The name by which an assessment refers to it."""
        return f"certificate {self.digest[:12]} of {self.as_of.isoformat()}"

    def sealed(self) -> Certificate:
        """The certificate with its digest."""
        return self.model_copy(update={"digest": digest_of(self)})

    def to_json(self) -> str:
        """The certificate as JSON, keys sorted."""
        return _canonical(self.model_dump(mode="json", by_alias=True)) + "\n"


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=True)


def digest_of(certificate: Certificate) -> str:
    """SHA-256 of the certificate without its digest."""
    content = certificate.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def evidence_of(knowledge: KnowledgeBase) -> str:
    """SHA-256 over what only speaks about the knowledge: cases, invariants, acceptances and cards."""
    content = knowledge.model_dump(mode="json", include={"cases", "invariants", "accepted", "cards"})
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def gaps_of(knowledge: KnowledgeBase) -> tuple[str, ...]:
    """What a clinician still has to confirm: numbers and readings of our own, and sources not read."""
    found = [
        f"parameter {item.id} = {item.value} {item.unit}: {item.interpretation}"
        for item in knowledge.parameters
        if item.interpretation
    ]
    written = [rule for rule in knowledge.rules if rule.side != "right"]
    found += [f"rule {rule.id}: {rule.interpretation}" for rule in written if rule.interpretation]
    unread = [item for item in knowledge.references if {"P", "M"} & set(item.certainty)]
    found += [f"reference {item.id}: not read in full ({', '.join(item.certainty)})" for item in unread]
    found += [f"accepted {item.code} {item.item}: {item.because}" for item in knowledge.accepted]
    return tuple(found)


def card_records(knowledge: KnowledgeBase) -> tuple[CardRecord, ...]:
    """The knowledge card of every pack; a pack without one has empty fields."""
    cards = {card.pack: card for card in knowledge.cards}
    found = []
    for pack in knowledge.packs:
        card = cards.get(pack.pack) or Card(pack=pack.pack)
        found.append(
            CardRecord(
                pack=pack.pack,
                version=pack.version,
                title=pack.title,
                intended_use=pack.intended_use,
                misuse=pack.misuse,
                users=card.users or "",
                population=card.population or "",
                limits=card.limits,
                reviewed_by=card.reviewed_by,
                sources=sum(item.pack == pack.pack for item in knowledge.references),
                inputs=sum(item.pack == pack.pack and item.side != "right" for item in knowledge.findings),
                attributes=tuple((item.title, item.text) for item in attributes_of(card, knowledge)),
            )
        )
    return tuple(found)


def read_certificates(folder: Path) -> Sequence[Certificate]:
    """The certificates in a folder whose digest is right, in the order of their names."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            certificate = Certificate.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, ValidationError):
            continue
        if certificate.digest == digest_of(certificate):
            found.append(certificate)
    return found


def matching_certificate(fingerprint: str, folder: str | Path | None = None) -> Certificate | None:
    """The newest unaltered certificate for a fingerprint in a folder, else in the one that SIJOINT_CERTIFICATES names."""
    named = folder or os.environ.get(FOLDER)
    if not named or not Path(named).is_dir():
        return None
    matching = [item for item in read_certificates(Path(named)) if item.fingerprint == fingerprint]
    return max(matching, key=lambda item: (item.as_of, item.digest), default=None)
