"""Assessment -> plain text for a clinician: the first screen, then every conclusion with its reasons and sources.

In: `Assessment`. Out: text, at most `WIDTH` columns, the first screen at most `SCREEN` lines. It lays out and never
computes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..engine.trace import Trace
from ..knowledge.language import Difference
from .assessment import Assessment, software_version
from .certainty import certainty_in_words, overdue, weakest_links
from .differences import VERDICT, differences_of
from .document import knowledge_record
from .estimates import EstimateResult, estimates_of
from .inert import inert
from .justification import Justification, Reason, RuleProof
from .lines import indented, wrapped
from .proofs import Proofs
from .rows import Row, RowWriter, concluded_by_kind
from .summary import Summary, step_rows, summarise
from .why_not import unmet_leaves
from .wording import Words, percent

HEADING = 17
SCREEN = 24
FACTS_SHOWN = 8
ROOM = 6
"""Lines that the urgency leaves to what it rests on, to what is left out, and to the intended use."""
FLAG_LINES = 4
"""Lines of a row that says what has become of a flag."""
URGENT = "urgent"
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
    summary = summarise(proofs, words)
    parts = (
        fitted(summary),
        _contradictions(trace, words),
        _flags(summary),
        _steps(assessment),
        _conclusions(proofs, words),
        _differences(assessment, words),
        _estimates(assessment),
        _held(trace, words),
        _sources(assessment, words),
        _footer(assessment),
    )
    return inert("\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)) + "\n"


def fitted(summary: Summary) -> list[str]:
    """The first screen, in as much detail as fits; where nothing fits, row by row, and what is left out is counted."""
    for fit in FITS:
        lines = [line for _, block in _blocks(summary, fit) for line in block]
        if len(lines) <= SCREEN:
            return lines
    return _in_order_of_weight(list(_blocks(summary, replace(FITS[-1], rows=len(summary.first)))))


def _blocks(summary: Summary, fit: Fit) -> Iterator[tuple[str, list[str]]]:
    """What each row comes to as lines, under its heading; the urgency, its action and what it rests on are never cut."""
    for row in _limited(summary.contradictions, fit):
        yield row.heading, list(_row(row, fit))
    for row in summary.urgency[:1]:
        yield URGENT, list(_row(row, replace(fit, lines=SCREEN - ROOM, facts=max(fit.facts, 1))))
    for row in _limited(summary.urgency[1:], fit):
        yield row.heading, list(_row(row, fit))
    yield from _flag_blocks(summary, fit)
    for row in (*_last(summary.steps, fit), *_limited(summary.screens, fit)):
        yield row.heading, list(_row(row, fit))
    for row in (*summary.headlines, *summary.plan):
        yield row.heading, list(_row(row, fit))
    for number, question in enumerate(summary.questions, 1):
        effects = f"  ({question.effects})" if fit.effects else ""
        heading = "Ask next" if number == 1 else ""
        yield "Ask next", list(_labelled(heading, f"{number} {question.question}{effects}", fit.lines))
    yield URGENT, list(_labelled("", INTENDED_USE, 1))


def _flag_blocks(summary: Summary, fit: Fit) -> Iterator[tuple[str, list[str]]]:
    """Every flag of the case with its state: in full as far as there is room, the others by name; then notes."""
    full = fit.rows if fit.rows <= FITS[0].rows else 0
    for row in summary.flags[:full]:
        yield row.heading, list(_row(row, replace(fit, lines=max(fit.lines, FLAG_LINES))))
    if rest := [row.text.partition(":")[0] for row in summary.flags[full:]]:
        yield URGENT, list(_labelled("" if full else "Flags", "; ".join(rest), FLAG_LINES))
    for row in _limited(summary.notes, fit):
        yield row.heading, list(_row(row, fit))


def _in_order_of_weight(blocks: list[tuple[str, list[str]]]) -> list[str]:
    """The blocks that fit, the urgency first of all, the others in their order; then what is left out, counted."""
    room = SCREEN - ROOM // 2 - sum(len(lines) for name, lines in blocks if name == URGENT)
    shown, left = [], Counter[str]()
    for name, lines in blocks[:-1]:
        if name != URGENT and (left or len(lines) > room):
            left[name or "more"] += 1
            continue
        room -= len(lines) if name != URGENT else 0
        shown += lines
    named = "; ".join(f"{name.lower()} {count}" for name, count in left.items())
    return [*shown, *_labelled("Left out here", named, ROOM // 2), *blocks[-1][1]]


def _last(steps: list[Row], fit: Fit) -> list[Row]:
    """The latest steps as far as there is room, after how many came before."""
    earlier = len(steps) - fit.rows
    counted = f"{earlier} earlier step{'s' if earlier > 1 else ''} below"
    return [Row("Steps", counted), *steps[-fit.rows :]] if earlier > 0 else steps


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
    later = " " * HEADING + indent
    if len(heading) < HEADING:
        yield from wrapped(text, f"{heading:<{HEADING}}{indent}", later, most=most)
    else:
        yield from wrapped(f"{heading}: {text}", "", later, most=most)


def _contradictions(trace: Trace, words: Words) -> Iterator[str]:
    """Each contradiction in full, where there are more than the first screen may show."""
    if len(trace.contradictions) > 1:
        yield "CONTRADICTIONS"
        for item in trace.contradictions:
            yield from wrapped(f"{words.filled(item.because)}  [{item.constraint}]", "- ")
            yield from wrapped("; ".join(words.finding(name) for name in item.findings), "    on: ")


def _flags(summary: Summary) -> Iterator[str]:
    """What has become of every flag, and the notes beside answers, in full."""
    if summary.flags:
        yield "FLAGS IN THIS CASE"
    for row in summary.flags:
        yield from wrapped(row.text, "- ")
    if summary.notes:
        yield "NOTES BESIDE ANSWERS"
    for row in summary.notes:
        yield from wrapped(row.text, "- ")


def _steps(assessment: Assessment) -> Iterator[str]:
    """Every step with what it did to the urgency, where there are more than the first screen may show."""
    if len(assessment.steps) > 1:
        yield "STEPS"
        for row in step_rows(assessment):
            yield from wrapped(f"{row.heading}: {row.text}", "- ")


def _conclusions(proofs: Proofs, words: Words) -> Iterator[str]:
    assessment = proofs.assessment
    named = frozenset(item.id for item in assessment.shown)
    rows, certainty = RowWriter(proofs, words, named), weakest_links(proofs.trace, assessment.knowledge)
    beside = differences_of(assessment)
    for number, (kind, items) in enumerate(concluded_by_kind(assessment).items()):
        yield from [""] if number else []
        yield from wrapped(words.kind(kind).upper())
        for item in items:
            row = rows.row(item.id, "")
            yield from wrapped(f"{row.text}  [{item.id}: {item.grade}]", "- ")
            more = f"; and {len(row.facts) - FACTS_SHOWN} more" if len(row.facts) > FACTS_SHOWN else ""
            yield from wrapped("; ".join(row.facts[:FACTS_SHOWN]) + more, "    on: ") if row.facts else ()
            yield from wrapped(" ".join(row.sources), "    source: ")
            for reading in row.interpretation:
                yield from wrapped(reading, "    our reading: ")
            if link := certainty.get(item.id):
                yield from wrapped(certainty_in_words(link), "    weakest link: ")
            for difference in (other for other in beside if item.id.partition(".")[0] in _about(other)):
                yield from wrapped(f"{difference.wording}  [{difference.id}]", f"    {VERDICT[difference.verdict]}: ")


def _about(item: Difference) -> set[str]:
    return {name.partition(".")[0] for name in item.about}


def _differences(assessment: Assessment, words: Words) -> Iterator[str]:
    """What the article says beside what is published."""
    found = differences_of(assessment)
    if found:
        yield "ARTICLE BESIDE PUBLISHED EVIDENCE"
    for item in found:
        yield from wrapped(f"{VERDICT[item.verdict]}: {words.filled(item.wording)}  [{item.id}]", "- ")
        yield from wrapped(f"{words.filled(item.says)}{_cited(item.says_source)}", "    article: ")
        yield from wrapped(f"{words.filled(item.published)}{_cited(item.published_source)}", "    published: ")


def _estimates(assessment: Assessment) -> Iterator[str]:
    """Post-test probabilities as ranges, pooled and first-generation figures side by side."""
    found = estimates_of(assessment.knowledge, assessment.grades)
    if found:
        yield "WHAT THE TESTS CHANGE"
    for item in found:
        yield from wrapped(f"{item.title}  [{item.estimate}, with {' '.join(item.shown_with)}]", "- ")
        for line in estimate_in_words(item):
            yield from wrapped(line, "    ")
        yield from wrapped(item.assumptions, "    assumed: ")


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
        yield from wrapped(f"{words.rule(blocked.rule, 'title')} [{blocked.rule}]: blocked by {reasons}", "- ")


def _sources(assessment: Assessment, words: Words) -> Iterator[str]:
    fired = (assessment.knowledge.rule_by_id[name] for name in assessment.fired)
    cited = words.with_cited(key for rule in fired for key in rule.source)
    if cited:
        yield "SOURCES"
    for key in cited:
        item = assessment.knowledge.reference_by_id[key]
        late = f" (REVIEW WAS DUE {item.review_by})" if overdue(item, assessment.case.as_of) else ""
        yield from wrapped(words.cited(key) + late, "  ")


def _footer(assessment: Assessment) -> Iterator[str]:
    record = knowledge_record(assessment.knowledge)
    as_of = f", as of {assessment.case.as_of}" if assessment.case.as_of else ""
    yield from wrapped(f"Knowledge {record.fingerprint[:16]} ({record.named_packs}){as_of}")
    yield from wrapped(f"sijoint {software_version()}; answered alike by {' and '.join(assessment.inference.evaluators)}")
    if assessment.certificate:
        yield from wrapped(f"Certificate of this knowledge: {assessment.certificate}")
    for name, value in record.overrides.items():
        yield from wrapped(f"Local policy: {name} = {value}")


def render_why(assessment: Assessment, conclusion: str, language: str = "en") -> str:
    """The proof of one conclusion as an indented tree.

    Raises:
        NotDerivedError: it was not derived, or is not declared.
    """
    words = Words(assessment.knowledge, language)
    return "\n".join(_proof(assessment.why(conclusion), words, "")) + "\n"


def _branch(text: str, indent: str) -> Iterator[str]:
    """One node of a tree."""
    start = indented(indent)
    yield from wrapped(text, start, f"{start}    ")


def _proof(proof: Justification, words: Words, indent: str) -> Iterator[str]:
    name = f"{words.graded(proof.conclusion, proof.grade)} [{proof.conclusion}: {proof.grade}]"
    if proof.seen:
        yield from _branch(f"{name}: as above", indent)
        return
    if proof.folded:
        yield from _branch(f"{name}: its reasons are left out here; ask why for {proof.conclusion}", indent)
        return
    yield from _branch(name, indent)
    for rule in proof.rules:
        yield from _rule(rule, words, indent + "  ")


def _rule(rule: RuleProof, words: Words, indent: str) -> Iterator[str]:
    yield from _branch(f"rule {rule.rule} ({rule.file}:{rule.line}): {words.rule(rule.rule, 'title')}", indent)
    for name, text in (
        ("why", words.rule(rule.rule, "because")),
        ("source", " ".join(rule.source)),
        ("our reading", words.rule(rule.rule, "interpretation")),
        ("certainty", " ".join(rule.certainty)),
    ):
        if text:
            yield from wrapped(text, f"{indented(indent)}  {name}: ")
    yield from _reason(rule.when, words, indent + "  ")
    for item in rule.unless:
        if item.leaf is not None:
            yield from _branch(f"unless, and it was not: {words.test(item.leaf)}", indent + "  ")


def _reason(reason: Reason, words: Words, indent: str) -> Iterator[str]:
    if reason.proof is not None:
        yield from _proof(reason.proof, words, indent)
    elif reason.leaf is not None:
        said = f"{words.fact(reason.leaf, reason.value)} [{getattr(reason.leaf, 'finding', '')}]"
        yield from _branch(said, indent)
    else:
        heading = {"all": "all of", "any": "any of"}.get(reason.test, f"at least {reason.k}, here {len(reason.of)}, of")
        yield from _branch(f"{heading}:", indent)
        for member in reason.of:
            yield from _reason(member, words, indent + "  ")
        for leaf in (leaf for item in reason.unmet for leaf in unmet_leaves(item)):
            yield from _branch(f"(not met: {words.test(leaf)})", indent + "  ")
