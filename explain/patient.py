"""Assessment -> plain words for the patient: what to do first, then what may be going on, then what may help.

In: `Assessment`. Out: text made of the patient sentences of the wording files, in short paragraphs under plain headings.
With an emergency or urgent tier the first sentence names the action and the time. While a conclusion that gates advice
holds, nothing is said beyond urgency, suspicion and notices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import fill

from ..engine.trace import resting_on
from ..knowledge.items import NO_FLAG, NO_OPEN_FLAG, NOT_DETERMINED, URGENCY
from ..knowledge.language import KnowledgeBase
from .assessment import Assessment
from .document import Concluded
from .inert import inert
from .summary import is_highest
from .wording import Words

WIDTH = 80
OPENING = {
    NOT_DETERMINED: "Some safety questions still need an answer, so it is not yet known how soon you should be seen. "
    "Please go through them with your clinician.",
    NO_OPEN_FLAG: "A warning sign on record has been dealt with since, as your record says. "
    "If anything new appears, have it looked at.",
    NO_FLAG: "None of the answers given calls for urgent care. If anything new appears, have it looked at.",
}
UNANSWERED = "Some safety questions still need an answer; they can make it more urgent."
CONTRADICTION = "Some answers do not fit together. Please go through them again with your clinician."
CLOSING = "This text supports a talk with your clinician. It does not replace an examination."
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def render_patient(assessment: Assessment, language: str = "en") -> str:
    """The patient's text: calm, plain, and with the action first."""
    return inert("\n\n".join(PatientWriter(assessment, Words(assessment.knowledge, language)).paragraphs())) + "\n"


class PatientWriter:
    """Writes paragraphs; says each sentence once."""

    def __init__(self, assessment: Assessment, words: Words) -> None:
        self.assessment, self.words = assessment, words
        self.knowledge = assessment.knowledge
        self.said: set[str] = set()

    def paragraphs(self) -> Iterator[str]:
        """Everything, in order."""
        first, later = self.first(), self.later()
        yield from self.filled(first)
        for heading, texts in later.items():
            paragraph = list(self.filled(texts))
            if paragraph:
                yield f"{fill(inert(heading), WIDTH)}\n{paragraph[0]}"
        yield fill(CLOSING, WIDTH)

    def first(self) -> list[str]:
        """The action and its time, what it rests on, and what is still open."""
        disposition = self.assessment.disposition
        texts = [OPENING.get(disposition) or self.words.plain(URGENCY, disposition) or self.words.sentence(URGENCY, disposition)]
        if is_highest(self.knowledge, disposition):
            behind = resting_on(self.assessment.trace, URGENCY, disposition)
            return texts + [self.plain(item) for item in self.assessment.shown if item.id in behind]
        told = [
            item for item in self.assessment.shown if item.kind in safety_kinds(self.knowledge) and self.words.told(item.kind)
        ]
        return [*texts, *(self.plain(item) for item in told if item.id != URGENCY), *self.open_points()]

    def open_points(self) -> Iterator[str]:
        """What has to be asked, or asked again."""
        if disposition_is_partial(self.assessment):
            yield UNANSWERED
        if self.assessment.trace.contradictions:
            yield CONTRADICTION

    def later(self) -> dict[str, list[str]]:
        """What may be going on and what may help, by heading; nothing of it while advice is held back."""
        found: dict[str, list[str]] = {}
        if is_held(self.assessment):
            return found
        safety = safety_kinds(self.knowledge)
        for item in self.assessment.shown:
            heading = self.words.told(item.kind)
            if heading and item.kind not in safety:
                found.setdefault(heading, []).append(self.plain(item))
        return {heading: found[heading] for heading in self.words.patient_headings if heading in found}

    def plain(self, item: Concluded) -> str:
        """The patient's sentence for a conclusion; empty where none was written."""
        return self.words.plain(item.id, item.grade) or ""

    def filled(self, texts: list[str]) -> Iterator[str]:
        """One paragraph of the sentences that were not said before."""
        sentences = [sentence for text in texts for sentence in _SENTENCE.split(text) if sentence]
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self.said]
        self.said |= set(new)
        if new:
            yield fill(inert(" ".join(new)), WIDTH)


def disposition_is_partial(assessment: Assessment) -> bool:
    """Whether a tier holds while a screen is still open."""
    named = assessment.disposition not in OPENING
    return named and any(screen.open in assessment for screen in assessment.knowledge.screens)


def is_held(assessment: Assessment) -> bool:
    """Whether a conclusion that gates advice holds."""
    gates = {name for _, kind in assessment.knowledge.kinds if kind.actionable for name in kind.unless}
    return any(name in assessment for name in gates)


def safety_kinds(knowledge: KnowledgeBase) -> frozenset[str]:
    """The kinds that are declared before the first headline kind: urgency, holds, suspicions, notices and the like."""
    found: list[str] = []
    for name, kind in knowledge.kinds:
        if kind.headline or kind.candidates:
            break
        found.append(name)
    return frozenset(found)
