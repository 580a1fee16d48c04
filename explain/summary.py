"""Assessment -> summary: what belongs on the first screen, as data. It chooses and orders; renderers only lay it out.

In: `Assessment`. Out: `Summary`, every row made of sentences from the wording files and of ids. With the highest tier
open nothing but the action, what it rests on and what is held back is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..engine.moments import lapsed_in
from ..engine.trace import Trace, resting_on
from ..knowledge.graph import findings_behind
from ..knowledge.items import NO_FLAG, NO_OPEN_FLAG, NOT_DETERMINED, URGENCY
from ..knowledge.language import Conclusion, KnowledgeBase
from .assessment import Assessment
from .document import actionable, screen_states
from .flag_words import day_text, flag_in_words, note_in_words
from .inquiry_words import effects_in_words
from .proofs import Proofs
from .rows import Row, RowWriter, concluded_by_kind, unknown_for
from .wording import Words

ALTERNATIVES = 2
"""How many conclusions of a headline kind stand on the first screen."""
MISSING_SHOWN = 3
QUESTIONS = 3
AGAIN = "ask again: a correction of this answer closed a flag"
STATES = ("open", "corrected", "resolved")
PLAN_STATE = "plan_state"
"""The kind that says how far a plan has come."""


@dataclass(frozen=True, repr=False)
class Question:
    """A question worth asking next: it fills one finding."""

    finding: str
    question: str
    effects: str
    why: str | None


@dataclass(repr=False)
class Summary:
    """The first screen of an assessment, in order."""

    contradictions: list[Row] = field(default_factory=list)
    urgency: list[Row] = field(default_factory=list)
    flags: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    screens: list[Row] = field(default_factory=list)
    presentation: list[Row] = field(default_factory=list)
    candidates: list[Row] = field(default_factory=list)
    alternatives: list[Row] = field(default_factory=list)
    plan: list[Row] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def first(self) -> list[Row]:
        """What comes before everything else, contradictions first."""
        return [*self.contradictions, *self.urgency, *self.flags, *self.notes, *self.steps, *self.screens]

    @property
    def headlines(self) -> list[Row]:
        """Presentation, candidates and alternatives."""
        return [*self.presentation, *self.candidates, *self.alternatives]


def summarise(proofs: Proofs, words: Words) -> Summary:
    """Choose what a clinician sees first."""
    return _Chooser(proofs, words).summary()


class _Chooser:
    """Chooses rows; remembers which facts were said."""

    def __init__(self, proofs: Proofs, words: Words) -> None:
        self.assessment, self.trace, self.words = proofs.assessment, proofs.trace, words
        self.knowledge = self.assessment.knowledge
        self.screens = screen_states(self.knowledge, self.trace, self.assessment.case)
        self.rows = RowWriter(proofs, words)
        self.emergency = is_highest(self.knowledge, self.assessment.disposition)
        self.said: set[str] = set()

    def summary(self) -> Summary:
        """Everything, in order."""
        found = Summary()
        found.contradictions = list(self.contradictions())
        found.urgency = list(self.urgency())
        found.flags = list(self.flags())
        found.notes = list(self.notes())
        found.steps = list(step_rows(self.assessment))
        found.screens = list(self.screen_row())
        if not self.emergency:
            found.presentation = list(self.presentation())
            found.candidates = list(self.candidates())
            found.alternatives = list(self.alternatives())
            found.questions = list(self.questions())
        found.plan = list(self.plan())
        return found

    def contradictions(self) -> Iterator[Row]:
        """Answers that cannot all be right, those under a red flag first."""
        found = self.trace.contradictions
        if len(found) > ALTERNATIVES:
            kept = "the worrying answer" if any(item.urgent for item in found) else "every answer"
            text = f"{len(found)} sets of answers cannot all be right, listed below. Please ask again; until then {kept} is kept."
            yield Row("Contradictions", text, tuple(self.words.filled(item.because) for item in found))
            return
        for item in found:
            kept = "the worrying answer is kept" if item.urgent else "both answers are kept"
            facts = tuple(self.words.finding(name) for name in item.findings)
            yield Row("Contradiction", f"{self.words.filled(item.because)} Please ask again; until then {kept}.", facts)

    def urgency(self) -> Iterator[Row]:
        """The urgency with its action, and the conclusions it rests on."""
        disposition = self.assessment.disposition
        if disposition == NOT_DETERMINED:
            yield Row("Urgency", f"not determined: {self.first_open()}; {self.none_so_far()}")
        elif disposition in (NO_FLAG, NO_OPEN_FLAG):
            yield Row("Urgency", f"{self.none_so_far()}; this does not exclude serious disease")
        else:
            yield self.rows.row(URGENCY, "Urgency", strongest_only=True)
            resting = resting_on(self.trace, URGENCY, disposition)
            first = [item for item in self.assessment.conclusions if item.id in resting]
            for item in first:
                yield self.new_facts(self.rows.row(item.id, self.words.kind(item.kind)))
            yield from self.also_open({item.kind for item in first}, resting)

    def also_open(self, kinds: set[str], said: set[str]) -> Iterator[Row]:
        """Conclusions of the same kinds that stand at a lower tier, in one row."""
        others = [item for item in self.assessment.shown if item.kind in kinds and item.id not in said and item.id != URGENCY]
        if others:
            named = "; ".join(self.words.graded(item.id, item.grade) for item in others)
            yield Row("", f"also: {named}")

    def none_so_far(self) -> str:
        """What the answers so far say about flags."""
        if any(self.assessment.flags):
            return "no flag is open now; what was raised in this case stands below"
        return "no flag among the answers given" if self.assessment.case.findings else "no answer was given yet"

    def flags(self) -> Iterator[Row]:
        """What has become of the flags that are not simply raised by the answers as they stand, open ones first."""
        named = {flag.id: flag for flag in self.knowledge.flags}
        states = [state for state in self.assessment.flags if not state.plain]
        for state in sorted(states, key=lambda state: STATES.index(state.state)):
            yield Row("Flag", flag_in_words(state, named[state.flag], self.words))

    def notes(self) -> Iterator[Row]:
        """Notes beside answers that no red flag was read from, though one could be."""
        used = findings_behind(URGENCY, self.knowledge.rules)
        for item in (*self.assessment.case.findings, *lapsed_in(self.assessment.case)):
            if item.note and not item.corrected and item.finding in used and item.value is not True:
                yield Row("Note", note_in_words(item, self.words))

    def first_open(self) -> str:
        """What has to be done first: the first screen that is open."""
        for screen in self.screens:
            if screen.open:
                return f"answer the {screen.id} screen first, {len(screen.unanswered)} questions that matter are open"
        return "no screen was completed"

    def screen_row(self) -> Iterator[Row]:
        """One row for all screens: how many of how many questions are answered."""
        states = [
            f"{screen.id} {screen.answered} of {screen.asked} answered, "
            + (f"{len(screen.unanswered)} can still matter" if screen.open else "complete")
            for screen in self.screens
        ]
        if states:
            yield Row("Screen", "; ".join(states))

    def presentation(self) -> Iterator[Row]:
        """The first headline kind: what the findings look like."""
        names = [name for name, kind in self.knowledge.kinds if kind.headline][:1]
        for name in names:
            derived = [item for item in self.assessment.shown if item.kind == name]
            for item in derived[:ALTERNATIVES]:
                yield self.new_facts(self.rows.row(item.id, self.words.kind(name)))
            if not derived:
                yield Row(self.words.kind(name), "the findings given do not add up to it")

    def candidates(self) -> Iterator[Row]:
        """Every candidate: concluded with its facts, or what is open about it."""
        names = [name for name, kind in self.knowledge.kinds if kind.candidates]
        items = [item for name in names for item in self.knowledge.declared if item.kind == name]
        for item in sorted(items, key=lambda item: item.id not in self.assessment):
            if item.id in self.assessment:
                yield self.new_facts(self.rows.row(item.id, self.words.kind(item.kind)))
            else:
                yield self.candidate(item)

    def candidate(self, conclusion: Conclusion) -> Row:
        """A candidate that is not concluded, with what was not recorded."""
        missing = unknown_for(self.assessment, conclusion.id)
        heading, label = self.words.kind(conclusion.kind), self.words.conclusion(conclusion.id)
        if not missing:
            return Row(heading, f"{label}: not supported by the findings given")
        named = ", ".join(self.words.finding(name) for name in missing[:MISSING_SHOWN])
        more = f" and {len(missing) - MISSING_SHOWN} more" if len(missing) > MISSING_SHOWN else ""
        return Row(heading, f"{label}: open; not recorded: {named}{more}")

    def alternatives(self) -> Iterator[Row]:
        """The other headline kinds: what else to consider, also when nothing given points to it."""
        names = [name for name, kind in self.knowledge.kinds if kind.headline][1:]
        derived = [item for item in self.assessment.shown if item.kind in names]
        for item in derived[:ALTERNATIVES]:
            yield self.new_facts(self.rows.row(item.id, self.words.kind(item.kind)))
        if len(derived) > ALTERNATIVES:
            yield Row("", f"and {len(derived) - ALTERNATIVES} more below")
        other = [item for item in self.knowledge.declared if item.kind in names]
        if other and not derived:
            heading = self.words.kind(other[0].kind)
            ending = f" {heading.partition(' ')[2]}"
            labels = " and ".join(self.words.conclusion(item.id).removesuffix(ending) for item in other[:ALTERNATIVES])
            yield Row(heading, f"{labels}: not raised by the findings given, which does not exclude them")

    def new_facts(self, row: Row) -> Row:
        """A row without the facts that were said before; "as above" where none is new."""
        new = tuple(fact for fact in row.facts if fact not in self.said)
        self.said |= set(row.facts)
        return replace(row, facts=new if new or not row.facts else ("as above",))

    def plan(self) -> Iterator[Row]:
        """The state of the plan, what is held back, and how many items of each kind stand below."""
        states = [self.words.sentence(item.id, item.grade) for item in self.assessment.conclusions if item.kind == PLAN_STATE]
        if held := held_conclusions(self.assessment, self.trace):
            states.append(f"{len(held)} items that the findings would otherwise support are withheld.")
        kinds = concluded_by_kind(self.assessment).items()
        counts = [
            f"{self.words.kind(kind).lower()} {len(items)}" for kind, items in kinds if self.knowledge.kind_by_id[kind].actionable
        ]
        if counts:
            states.append(f"Below: {'; '.join(counts)}.")
        if states:
            yield Row("Plan", " ".join(states))

    def questions(self) -> Iterator[Question]:
        """What to ask next, with what each answer would change; first, again, what a correction took a grave flag from."""
        again = list(self.corrected())
        for name in again:
            yield Question(name, self.words.question(name), AGAIN, self.words.purpose(name))
        groups = self.assessment.next_questions(QUESTIONS)
        for item in (item for group in groups for item in group.questions if item.finding not in again):
            name = item.finding
            asked = f"{self.words.question(name)}{self.asked_before(name)}"
            yield Question(name, asked, effects_in_words(item, self.words), self.words.purpose(name))

    def asked_before(self, finding: str) -> str:
        """When a question was asked whose answer time has made unknown."""
        days = [day_text(item.dated) for item in lapsed_in(self.assessment.case) if item.finding == finding]
        return f" (asked on {days[0]}; ask again)" if days else ""

    def corrected(self) -> Iterator[str]:
        """The findings whose correction closed a flag at one of the two highest tiers."""
        urgency = self.knowledge.conclusion_by_id.get(URGENCY)
        grave = urgency.grades[-2:] if urgency else ()
        states = [state for state in self.assessment.flags if state.state == "corrected" and state.grade in grave]
        yield from dict.fromkeys(item.correction.finding for state in states for item in state.corrections)


def step_rows(assessment: Assessment) -> Iterator[Row]:
    """What each later step did to the urgency, said before its title, however long that is."""
    before = assessment.first_disposition
    for step in assessment.steps:
        when = f"{step.as_of}, " if step.as_of else ""
        change = "unchanged" if step.disposition == before else f"before: {_tier(before)}"
        text = f"urgency {_tier(step.disposition)}, {change} ({when}{step.title or 'later findings'})"
        yield Row(f"Step {step.step}", text)
        before = step.disposition


def held_conclusions(assessment: Assessment, trace: Trace) -> tuple[str, ...]:
    """The actionable conclusions that a gate alone holds back, in order."""
    knowledge = assessment.knowledge
    blocked = [knowledge.rule_by_id[item.rule] for item in trace.blocked if item.gated]
    held = {part.conclusion for rule in blocked for part in rule.then if part.conclusion not in assessment}
    return tuple(item.id for item in knowledge.declared if item.id in held and actionable(knowledge, item))


def is_highest(knowledge: KnowledgeBase, disposition: str) -> bool:
    """Whether a disposition is the highest tier there is."""
    urgency = knowledge.conclusion_by_id.get(URGENCY)
    return urgency is not None and disposition == urgency.grades[-1]


def _tier(disposition: str) -> str:
    return disposition.replace("_", " ")
