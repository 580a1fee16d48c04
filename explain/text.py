"""Assessment -> plain text for a clinician: the first screen, then every conclusion with its reasons and sources.

In: `Assessment`. Out: text, at most `WIDTH` columns. It lays out and never computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from .assessment import Assessment, software_version
from .document import knowledge_record
from .justification import Justification, Reason, RuleProof
from .summary import Row, Summary, concluded_by_kind, row_of, summarise
from .wording import Words

WIDTH = 100
HEADING = 17
FACTS_SHOWN = 5
INTENDED_USE = "For clinicians; supports, does not replace, an examination."


def render_text(assessment: Assessment, language: str = "en") -> str:
    """The explained answer as text."""
    words = Words(assessment.knowledge, language)
    lines = [*_first_screen(summarise(assessment, words)), "", *_details(assessment, words), *_sources(assessment, words)]
    lines += ["", *_footer(assessment)]
    return "\n".join(lines) + "\n"


def _first_screen(summary: Summary) -> Iterator[str]:
    for row in summary.contradictions + summary.steps + summary.urgency + summary.screens + summary.headlines:
        yield from _row(row)
    yield from (line for row in summary.plan for line in _row(row))
    for number, question in enumerate(summary.questions, 1):
        yield from _labelled("Ask next" if number == 1 else "", f"{number} {question.question}", "  ")
    yield from _labelled("", INTENDED_USE)


def _row(row: Row) -> Iterator[str]:
    yield from _labelled(row.heading, row.text + _cited(row.sources))
    if row.facts:
        shown = "; ".join(row.facts[:FACTS_SHOWN])
        more = f"; and {len(row.facts) - FACTS_SHOWN} more" if len(row.facts) > FACTS_SHOWN else ""
        yield from _labelled("", f"on: {shown}{more}", "  ")


def _cited(sources: tuple[str, ...]) -> str:
    return f"  [{' '.join(sources)}]" if sources else ""


def _labelled(heading: str, text: str, indent: str = "") -> Iterator[str]:
    room = WIDTH - HEADING - len(indent)
    for number, line in enumerate(wrap(text, room) or [""]):
        first = heading if number == 0 else ""
        yield f"{first:<{HEADING}}{indent}{line}".rstrip()


def _details(assessment: Assessment, words: Words) -> Iterator[str]:
    trace = assessment.trace
    for kind, items in concluded_by_kind(assessment).items():
        yield f"{words.kind(kind).upper()}"
        for item in items:
            row = row_of(assessment, trace, words, item.id, "")
            yield from _bullet("- ", f"{row.text}  [{item.id}: {item.grade}]")
            yield from _bullet("    on: ", "; ".join(row.facts)) if row.facts else ()
            yield from _bullet("    source: ", " ".join(row.sources))
            for reading in row.interpretation:
                yield from _bullet("    our reading: ", reading)
        yield ""
    if trace.blocked:
        yield "HELD BACK"
        for blocked in trace.blocked:
            reasons = ", ".join(words.graded(part.conclusion, part.grade) for part in blocked.by)
            yield from _bullet("- ", f"{words.rule(blocked.rule, 'title')} [{blocked.rule}]: blocked by {reasons}")
        yield ""


def _bullet(mark: str, text: str) -> Iterator[str]:
    for number, line in enumerate(wrap(text, WIDTH - len(mark))):
        yield f"{mark if number == 0 else ' ' * len(mark)}{line}"


def _sources(assessment: Assessment, words: Words) -> Iterator[str]:
    fired = (assessment.knowledge.rule_by_id[name] for name in assessment.fired)
    cited = words.with_cited(key for rule in fired for key in rule.source)
    if cited:
        yield "SOURCES"
    for key in cited:
        yield from _bullet("  ", words.cited(key))


def _footer(assessment: Assessment) -> Iterator[str]:
    record = knowledge_record(assessment.knowledge)
    packs = ", ".join(f"{item.pack} {item.version}" for item in record.packs)
    as_of = f", as of {assessment.case.as_of}" if assessment.case.as_of else ""
    yield f"Knowledge {record.fingerprint[:16]} ({packs}){as_of}"
    yield f"sijoint {software_version()}; answered alike by {' and '.join(assessment.inference.evaluators)}"
    for name, value in record.overrides.items():
        yield f"Local policy: {name} = {value}"


def render_why(assessment: Assessment, conclusion: str, language: str = "en") -> str:
    """The proof of one conclusion as an indented tree.

    Raises:
        NotDerivedError: it was not derived, or is not declared.
    """
    words = Words(assessment.knowledge, language)
    return "\n".join(_proof(assessment.why(conclusion), words, "")) + "\n"


def _proof(proof: Justification, words: Words, indent: str) -> Iterator[str]:
    name = f"{words.graded(proof.conclusion, proof.grade)} [{proof.conclusion}: {proof.grade}]"
    if proof.seen:
        yield f"{indent}{name}: as above"
        return
    yield f"{indent}{name}"
    for rule in proof.rules:
        yield from _rule(rule, words, indent + "  ")


def _rule(rule: RuleProof, words: Words, indent: str) -> Iterator[str]:
    yield f"{indent}rule {rule.rule} ({rule.file}:{rule.line}): {words.rule(rule.rule, 'title')}"
    for name, text in (
        ("why", words.rule(rule.rule, "because")),
        ("source", " ".join(rule.source)),
        ("our reading", words.rule(rule.rule, "interpretation")),
        ("certainty", " ".join(rule.certainty)),
    ):
        if text:
            yield from (f"{indent}  {line}" for line in _bullet(f"{name}: ", text))
    yield from _reason(rule.when, words, indent + "  ")
    for item in rule.unless:
        if item.leaf is not None:
            yield f"{indent}  unless, and it was not: {words.test(item.leaf)}"


def _reason(reason: Reason, words: Words, indent: str) -> Iterator[str]:
    if reason.proof is not None:
        yield from _proof(reason.proof, words, indent)
    elif reason.leaf is not None:
        yield f"{indent}{words.fact(reason.leaf, reason.value)} [{getattr(reason.leaf, 'finding', '')}]"
    else:
        heading = {"all": "all of", "any": "any of"}.get(reason.test, f"at least {reason.k}, here {len(reason.of)}, of")
        yield f"{indent}{heading}:"
        for member in reason.of:
            yield from _reason(member, words, indent + "  ")
        for leaf in reason.unmet:
            yield f"{indent}  (not met: {words.test(leaf)})"


