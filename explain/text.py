"""Assessment -> plain text for a clinician: the first screen, then every conclusion with its reasons and sources.

In: `Assessment`. Out: text, at most `WIDTH` columns, the first screen at most `SCREEN` lines. It lays out and never
computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from textwrap import shorten, wrap

from ..engine.trace import Trace
from ..knowledge.language import Difference
from .assessment import Assessment, software_version
from .certainty import certainty_in_words, overdue, weakest_links
from .differences import VERDICT, differences_of
from .document import knowledge_record
from .estimates import EstimateResult, estimates_of
from .inert import inert
from .justification import Justification, Reason, RuleProof
from .proofs import Proofs
from .rows import Row, RowWriter, concluded_by_kind
from .summary import Summary, summarise
from .why_not import unmet_leaves
from .wording import Words, percent

WIDTH = 100
HEADING = 17
SCREEN = 24
FACTS_SHOWN = 8
INTENDED_USE = "For clinicians; supports, does not replace, an examination."


@dataclass(frozen=True)
class Fit:
    """How much the first screen shows: facts, rows of one sort, lines of a row after the urgency, effects of answers."""

    facts: int
    rows: int
    lines: int
    effects: bool = True


FITS = (
    Fit(4, 3, 9),
    Fit(3, 2, 9),
    Fit(2, 2, 3),
    Fit(2, 2, 3, effects=False),
    Fit(1, 1, 2),
    Fit(0, 1, 2, effects=False),
    Fit(0, 1, 1, effects=False),
)


def render_text(assessment: Assessment, language: str = "en") -> str:
    """The explained answer as text."""
    words, proofs = Words(assessment.knowledge, language), Proofs(assessment)
    trace = proofs.trace
    parts = (
        fitted(summarise(proofs, words)),
        _contradictions(trace, words),
        _conclusions(proofs, words),
        _differences(assessment, words),
        _estimates(assessment),
        _held(trace, words),
        _sources(assessment, words),
        _footer(assessment),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def fitted(summary: Summary) -> list[str]:
    """The first screen, in as much detail as fits."""
    for fit in FITS:
        lines = list(_first_screen(summary, fit))
        if len(lines) <= SCREEN:
            break
    return lines


def _first_screen(summary: Summary, fit: Fit) -> Iterator[str]:
    for row in _limited(summary.first, fit):
        yield from _row(row, fit if row not in summary.urgency[:1] else replace(fit, lines=9))
    for row in (*summary.headlines, *summary.plan):
        yield from _row(row, fit)
    for number, question in enumerate(summary.questions, 1):
        effects = f"  ({question.effects})" if fit.effects else ""
        yield from _labelled("Ask next" if number == 1 else "", f"{number} {question.question}{effects}", fit.lines)
    yield from _labelled("", INTENDED_USE, 1)


def _limited(rows: Iterable[Row], fit: Fit) -> Iterator[Row]:
    """Rows of one heading as far as there is room, then how many more stand below."""
    count: dict[str, int] = {}
    rows = list(rows)
    for row in rows:
        count[row.heading] = count.get(row.heading, 0) + 1
        if count[row.heading] <= fit.rows:
            yield row
        elif count[row.heading] == fit.rows + 1:
            rest = sum(other.heading == row.heading for other in rows) - fit.rows
            yield Row("", f"and {rest} more of this sort, below")


def _row(row: Row, fit: Fit) -> Iterator[str]:
    yield from _labelled(row.heading, row.text + _cited(row.sources), fit.lines)
    if row.facts and fit.facts:
        shown = "; ".join(row.facts[: fit.facts])
        more = f"; and {len(row.facts) - fit.facts} more" if len(row.facts) > fit.facts else ""
        yield from _labelled("", f"on: {shown}{more}", fit.lines, "  ")


def _cited(sources: tuple[str, ...]) -> str:
    return f"  [{' '.join(sources)}]" if sources else ""


def _labelled(heading: str, text: str, most: int, indent: str = "") -> Iterator[str]:
    room = WIDTH - HEADING - len(indent)
    text = inert(text)
    lines = wrap(text, room) or [""]
    if len(lines) > most:
        lines = wrap(shorten(text, room * most - 8, placeholder=" ..."), room)[:most]
    for number, line in enumerate(lines):
        first = heading if number == 0 else ""
        yield f"{first:<{HEADING}}{indent}{line}".rstrip()


def _contradictions(trace: Trace, words: Words) -> Iterator[str]:
    """Each contradiction in full, where there are more than the first screen may show."""
    if len(trace.contradictions) > 1:
        yield "CONTRADICTIONS"
        for item in trace.contradictions:
            yield from _bullet("- ", f"{words.filled(item.because)}  [{item.constraint}]")
            yield from _bullet("    on: ", "; ".join(words.finding(name) for name in item.findings))


def _conclusions(proofs: Proofs, words: Words) -> Iterator[str]:
    assessment = proofs.assessment
    named = frozenset(item.id for item in assessment.shown)
    rows, certainty = RowWriter(proofs, words, named), weakest_links(proofs.trace, assessment.knowledge)
    beside = differences_of(assessment)
    for number, (kind, items) in enumerate(concluded_by_kind(assessment).items()):
        yield from [""] if number else []
        yield f"{words.kind(kind).upper()}"
        for item in items:
            row = rows.row(item.id, "")
            yield from _bullet("- ", f"{row.text}  [{item.id}: {item.grade}]")
            more = f"; and {len(row.facts) - FACTS_SHOWN} more" if len(row.facts) > FACTS_SHOWN else ""
            yield from _bullet("    on: ", "; ".join(row.facts[:FACTS_SHOWN]) + more) if row.facts else ()
            yield from _bullet("    source: ", " ".join(row.sources))
            for reading in row.interpretation:
                yield from _bullet("    our reading: ", reading)
            if link := certainty.get(item.id):
                yield from _bullet("    weakest link: ", certainty_in_words(link))
            for difference in (other for other in beside if item.id.partition(".")[0] in _about(other)):
                yield from _bullet(f"    {VERDICT[difference.verdict]}: ", f"{difference.wording}  [{difference.id}]")


def _about(item: Difference) -> set[str]:
    return {name.partition(".")[0] for name in item.about}


def _differences(assessment: Assessment, words: Words) -> Iterator[str]:
    """What the article says beside what is published."""
    found = differences_of(assessment)
    if found:
        yield "ARTICLE BESIDE PUBLISHED EVIDENCE"
    for item in found:
        yield from _bullet("- ", f"{VERDICT[item.verdict]}: {words.filled(item.wording)}  [{item.id}]")
        yield from _bullet("    article: ", f"{words.filled(item.says)}{_cited(item.says_source)}")
        yield from _bullet("    published: ", f"{words.filled(item.published)}{_cited(item.published_source)}")


def _estimates(assessment: Assessment) -> Iterator[str]:
    """Post-test probabilities as ranges, pooled and first-generation figures side by side."""
    found = estimates_of(assessment.knowledge, assessment.grades)
    if found:
        yield "WHAT THE TESTS CHANGE"
    for item in found:
        yield from _bullet("- ", f"{item.title}  [{item.estimate}, with {' '.join(item.shown_with)}]")
        for line in estimate_in_words(item):
            yield from _bullet("    ", line)
        yield from _bullet("    assumed: ", item.assumptions)


def estimate_in_words(item: EstimateResult) -> Iterator[str]:
    """One line for each published figure: never a bare percentage.

    The range before, the range after, and the likelihood ratio with its interval and source.
    """
    for variant in item.variants:
        point = f"{variant.point:g}, " if variant.point is not None else ""
        low, high = variant.likelihood_ratio
        ranges = f"from {percent(item.pre_test)} before to {percent(variant.post_test)} after"
        yield f"{variant.label}: {ranges} (likelihood ratio {point}{low:g} to {high:g}){_cited(variant.source)}"


def _held(trace: Trace, words: Words) -> Iterator[str]:
    if trace.blocked:
        yield "HELD BACK"
    for blocked in trace.blocked:
        reasons = ", ".join(words.graded(part.conclusion, part.grade) for part in blocked.by)
        yield from _bullet("- ", f"{words.rule(blocked.rule, 'title')} [{blocked.rule}]: blocked by {reasons}")


def _bullet(mark: str, text: str) -> Iterator[str]:
    for number, line in enumerate(wrap(inert(text), WIDTH - len(mark))):
        yield f"{mark if number == 0 else ' ' * len(mark)}{line}"


def _sources(assessment: Assessment, words: Words) -> Iterator[str]:
    fired = (assessment.knowledge.rule_by_id[name] for name in assessment.fired)
    cited = words.with_cited(key for rule in fired for key in rule.source)
    if cited:
        yield "SOURCES"
    for key in cited:
        item = assessment.knowledge.reference_by_id[key]
        late = f" (REVIEW WAS DUE {item.review_by})" if overdue(item, assessment.case.as_of) else ""
        yield from _bullet("  ", words.cited(key) + late)


def _footer(assessment: Assessment) -> Iterator[str]:
    record = knowledge_record(assessment.knowledge)
    as_of = f", as of {assessment.case.as_of}" if assessment.case.as_of else ""
    yield from _bullet("", f"Knowledge {record.fingerprint[:16]} ({record.named_packs}){as_of}")
    yield f"sijoint {software_version()}; answered alike by {' and '.join(assessment.inference.evaluators)}"
    if assessment.certificate:
        yield from _bullet("", inert(f"Certificate of this knowledge: {assessment.certificate}"))
    for name, value in record.overrides.items():
        yield inert(f"Local policy: {name} = {value}")


def render_why(assessment: Assessment, conclusion: str, language: str = "en") -> str:
    """The proof of one conclusion as an indented tree.

    Raises:
        NotDerivedError: it was not derived, or is not declared.
    """
    words = Words(assessment.knowledge, language)
    return inert("\n".join(_proof(assessment.why(conclusion), words, ""))) + "\n"


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
        for leaf in (leaf for item in reason.unmet for leaf in unmet_leaves(item)):
            yield f"{indent}  (not met: {words.test(leaf)})"
