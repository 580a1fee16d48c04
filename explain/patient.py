"""Assessment -> plain words for the patient: what to do first, then what may be going on, then what may help.

In: `Assessment`. Out: text made of the patient sentences of the wording files. With an emergency or urgent tier the
first sentence names the action and the time. While treatment is on hold nothing is said beyond urgency, suspicion and
notices.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from ..knowledge.language import URGENCY, KnowledgeBase
from .assessment import Assessment
from .document import NO_FLAG, NOT_DETERMINED
from .wording import Words

WIDTH = 80
OPENING = {
    NOT_DETERMINED: "Some safety questions still need an answer, so it is not yet known how soon you should be seen.",
    NO_FLAG: "None of the answers given calls for urgent care. If anything new appears, have it looked at.",
}
CONTRADICTION = "Some answers do not fit together. Please go through them again with your clinician."
CLOSING = "This text supports a talk with your clinician. It does not replace an examination."


def render_patient(assessment: Assessment, language: str = "en") -> str:
    """The patient's text: calm, plain, and with the action first."""
    words = Words(assessment.knowledge, language)
    paragraphs = list(dict.fromkeys(_paragraphs(assessment, words)))
    return "\n\n".join(fill(paragraph, WIDTH) for paragraph in paragraphs) + "\n"


def _paragraphs(assessment: Assessment, words: Words) -> Iterator[str]:
    yield OPENING.get(assessment.disposition) or _urgency(assessment, words)
    if assessment.trace.contradictions:
        yield CONTRADICTION
    held = _held(assessment)
    safety = safety_kinds(assessment.knowledge)
    for item in assessment.shown:
        if item.id == URGENCY or (held and item.kind not in safety):
            continue
        if text := words.plain(item.id, item.grade):
            yield text
    yield CLOSING


def _urgency(assessment: Assessment, words: Words) -> str:
    return words.plain(URGENCY, assessment.disposition) or words.sentence(URGENCY, assessment.disposition)


def _held(assessment: Assessment) -> bool:
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
