"""Assessment -> summary: what belongs on the first screen, as data. It chooses and orders; renderers only lay it out.

In: `Assessment`. Out: `Summary`, every row made of sentences from the wording files and of ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..engine.trace import Trace
from ..knowledge.conditions import FINDING_TESTS, Derived, Leaf, Unknown, leaves
from ..knowledge.language import URGENCY, Conclusion, KnowledgeBase
from .assessment import Assessment
from .document import NO_FLAG, NOT_DETERMINED, Concluded, ScreenState, actionable, screen_states
from .justification import Justification, Reason, justify
from .wording import Words


ALTERNATIVES = 2
"""How many conclusions of a headline kind stand on the first screen."""
PLAN_STATE = "plan_state"
"""The kind that says how far a plan has come."""


@dataclass(frozen=True)
class Row:
    """One row: what is said, on which facts, from which sources, and what in it is interpretation."""

    heading: str
    text: str
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    interpretation: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """A question worth asking next: it fills one finding."""

    finding: str
    question: str
    why: str | None


@dataclass
class Summary:
    """The first screen of an assessment, in order."""

    contradictions: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    urgency: list[Row] = field(default_factory=list)
    screens: list[Row] = field(default_factory=list)
    headlines: list[Row] = field(default_factory=list)
    plan: list[Row] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def summarise(assessment: Assessment, words: Words) -> Summary:
    """Choose what a clinician sees first."""
    trace = assessment.trace
    screens = screen_states(assessment.knowledge, trace, assessment.case)
    return Summary(
        contradictions=list(_contradictions(trace, words)),
        steps=list(_steps(assessment, words)),
        urgency=list(_urgency(assessment, trace, screens, words)),
        screens=list(_screens(assessment, screens)),
        headlines=list(_headlines(assessment, trace, words)),
        plan=list(_plan(assessment, trace, words)),
        questions=list(_questions(assessment, screens, words)),
    )


def _contradictions(trace: Trace, words: Words) -> Iterator[Row]:
    for item in trace.contradictions:
        kept = "the worrying answer is kept" if item.urgent else "both answers are kept"
        facts = tuple(words.finding(name) for name in item.findings)
        yield Row("Contradiction", f"{words.filled(item.because)} Please ask again; until then {kept}.", facts)


def _steps(assessment: Assessment, words: Words) -> Iterator[Row]:
    before = assessment.first_disposition
    for step in assessment.steps:
        when = f" ({step.as_of})" if step.as_of else ""
        change = "unchanged" if step.disposition == before else f"from {_tier(before)}"
        yield Row(f"Step {step.step}", f"{step.title or 'later findings'}{when}: urgency {_tier(step.disposition)}, {change}")
        before = step.disposition


def _tier(disposition: str) -> str:
    return disposition.replace("_", " ")


def _urgency(assessment: Assessment, trace: Trace, screens: tuple[ScreenState, ...], words: Words) -> Iterator[Row]:
    disposition = assessment.disposition
    if disposition == NOT_DETERMINED:
        yield Row("Urgency", f"not determined{_missing(screens)}; no flag among the answers given")
    elif disposition == NO_FLAG:
        yield Row("Urgency", "no flag among the answers given; this does not exclude serious disease")
    else:
        yield row_of(assessment, trace, words, URGENCY, "Urgency", strongest_only=True)
        for item in assessment.conclusions:
            if item.id in _resting_on(trace, assessment.knowledge, URGENCY, disposition):
                yield row_of(assessment, trace, words, item.id, words.kind(item.kind))


def _missing(screens: tuple[ScreenState, ...]) -> str:
    """What the first open screen lacks."""
    for screen in screens:
        if screen.open:
            return f": {len(screen.unanswered)} of {screen.asked} answers of the {screen.id} screen missing"
    return ""


def _resting_on(trace: Trace, knowledge: KnowledgeBase, conclusion: str, grade: str) -> set[str]:
    """The conclusions that the firings for a conclusion at a grade test directly."""
    found: set[str] = set()
    for firing in trace.firings:
        if any(item.conclusion == conclusion and item.grade == grade for item in firing.concluded):
            when = knowledge.rule_by_id[firing.rule].when
            found |= {leaf.conclusion for leaf in leaves(when) if isinstance(leaf, Derived)}
    return found


def _screens(assessment: Assessment, screens: tuple[ScreenState, ...]) -> Iterator[Row]:
    """One row for all screens: complete, or how many questions that still matter are unanswered."""
    titles = {screen.id: screen.title for screen in assessment.knowledge.screens}
    states = [
        f"{titles[screen.id]} open, {len(screen.unanswered)} questions unanswered" if screen.open else f"{titles[screen.id]} complete"
        for screen in screens
    ]
    if states:
        yield Row("Screen", "; ".join(states))


def _headlines(assessment: Assessment, trace: Trace, words: Words) -> Iterator[Row]:
    """Headline kinds and candidates, each fact said once; with the highest tier open nothing but the action is said here."""
    knowledge = assessment.knowledge
    if _is_highest(assessment):
        return
    said: set[str] = set()
    for name, kind in knowledge.kinds:
        derived = [item for item in assessment.shown if item.kind == name] if kind.headline or kind.candidates else []
        for item in derived[: None if kind.candidates else ALTERNATIVES]:
            row = row_of(assessment, trace, words, item.id, words.kind(name))
            new = tuple(fact for fact in row.facts if fact not in said)
            said |= set(row.facts)
            yield replace(row, facts=new if new or not row.facts else ("as above",))
        if len(derived) > ALTERNATIVES and not kind.candidates:
            yield Row("", f"and {len(derived) - ALTERNATIVES} more below")
        if kind.candidates:
            for conclusion in (item for item in knowledge.conclusions if item.kind == name and item.id not in assessment):
                yield _candidate(assessment, words, conclusion)


def _is_highest(assessment: Assessment) -> bool:
    urgency = assessment.knowledge.conclusion_by_id.get(URGENCY)
    return urgency is not None and assessment.disposition == urgency.grades[-1]


def _candidate(assessment: Assessment, words: Words, conclusion: Conclusion) -> Row:
    missing = unknown_for(assessment, conclusion.id)
    heading = words.kind(conclusion.kind)
    label = words.conclusion(conclusion.id)
    if not missing:
        return Row(heading, f"{label}: not supported by the findings given")
    named = ", ".join(words.finding(name) for name in missing[:4])
    more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
    return Row(heading, f"{label}: open; not recorded: {named}{more}")


def unknown_for(assessment: Assessment, conclusion: str) -> tuple[str, ...]:
    """The unrecorded findings that the rules for a conclusion read, also through conclusions not derived yet, in order."""
    found: dict[str, None] = {}
    waiting, seen = [conclusion], {conclusion}
    while waiting:
        for rule in assessment.knowledge.rules_for[waiting.pop(0)]:
            for leaf in leaves(rule.when):
                if isinstance(leaf, FINDING_TESTS):
                    found[leaf.finding] = None
                elif isinstance(leaf, Derived) and leaf.conclusion not in seen | assessment.grades.keys():
                    waiting.append(leaf.conclusion)
                    seen.add(leaf.conclusion)
    return tuple(name for name in found if name not in assessment.case.values)


def _plan(assessment: Assessment, trace: Trace, words: Words) -> Iterator[Row]:
    """The state of the plan, what is held back, and how many items of each kind stand below."""
    knowledge = assessment.knowledge
    states = [words.sentence(item.id, item.grade) for item in assessment.conclusions if item.kind == PLAN_STATE]
    held = {part.conclusion for item in trace.blocked if item.gated for part in knowledge.rule_by_id[item.rule].then}
    held = {name for name in held if actionable(knowledge, knowledge.conclusion_by_id[name]) and name not in assessment}
    counts = [f"{len(items)} {words.kind(kind).lower()}" for kind, items in concluded_by_kind(assessment).items() if knowledge.kind_by_id[kind].actionable]
    if held:
        states.append(f"{len(held)} items that the findings would otherwise support are withheld.")
    if counts:
        states.append(f"Below: {', '.join(counts)}.")
    if states:
        yield Row("Plan", " ".join(states))


def _questions(assessment: Assessment, screens: tuple[ScreenState, ...], words: Words) -> Iterator[Question]:
    if _is_highest(assessment):
        return
    wanted = [name for screen in screens for name in screen.unanswered]
    candidates = [item for item in assessment.knowledge.conclusions if assessment.knowledge.kind_by_id[item.kind].candidates]
    wanted += [name for item in candidates for name in unknown_for(assessment, item.id)]
    for name in list(dict.fromkeys(wanted))[:3]:
        yield Question(name, words.question(name), words.purpose(name))


def row_of(
    assessment: Assessment,
    trace: Trace,
    words: Words,
    conclusion: str,
    heading: str,
    *,
    strongest_only: bool = False,
    brief: bool = False,
) -> Row:
    """A derived conclusion as a row: its sentence, the facts of its proof, its sources and what is interpretation."""
    proof = justify(trace, assessment.knowledge, conclusion)
    text = words.sentence(conclusion, proof.grade)
    if brief:
        return Row(heading, text)
    rules = [item for item in proof.rules if item.grade == proof.grade] or list(proof.rules)
    chosen = proof.model_copy(update={"rules": tuple(rules[:1] if strongest_only else rules)})
    facts = tuple(dict.fromkeys(facts_in_words(chosen, assessment.knowledge, words)))
    sources = tuple(dict.fromkeys(key for rule in chosen.rules for key in rule.source))
    readings = tuple(dict.fromkeys(words.rule(rule.rule, "interpretation") or "" for rule in chosen.rules))
    return Row(heading, text, facts, sources, tuple(filter(None, readings)))


def facts_in_words(proof: Justification, knowledge: KnowledgeBase, words: Words) -> Iterator[str]:
    """The facts of a proof as phrases; an open screen counts its unanswered questions in one phrase."""
    screens = {f"{screen.pack}/{screen.open}": screen.title for screen in knowledge.screens}
    for rule in proof.rules:
        if rule.rule in screens:
            missing = {leaf.finding for leaf, _ in grounds(proof) if isinstance(leaf, Unknown)}
            yield f"{screens[rule.rule]}: {len(missing)} questions that still matter are unanswered"
        else:
            yield from _facts(rule.when, knowledge, words)


def _facts(reason: Reason, knowledge: KnowledgeBase, words: Words) -> Iterator[str]:
    if reason.proof is not None:
        yield from facts_in_words(reason.proof, knowledge, words)
    elif reason.leaf is not None and reason.ground in {"finding", "absence", "unknown"}:
        yield words.fact(reason.leaf, reason.value)
    for member in reason.of:
        yield from _facts(member, knowledge, words)


def grounds(proof: Justification) -> Iterator[tuple[Leaf, bool | int | float | str | None]]:
    """The leaves of a proof that rest on the case: findings, absences and unknowns, in order."""
    for rule in proof.rules:
        yield from _grounds(rule.when)


def _grounds(reason: Reason) -> Iterator[tuple[Leaf, bool | int | float | str | None]]:
    if reason.proof is not None:
        yield from grounds(reason.proof)
    elif reason.leaf is not None and reason.ground in {"finding", "absence", "unknown"}:
        yield reason.leaf, reason.value
    for member in reason.of:
        yield from _grounds(member)


def concluded_by_kind(assessment: Assessment) -> dict[str, list[Concluded]]:
    """Derived conclusions by kind, in order of kind."""
    found: dict[str, list[Concluded]] = {}
    for item in assessment.shown:
        found.setdefault(item.kind, []).append(item)
    return found


