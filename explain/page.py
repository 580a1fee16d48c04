"""Assessment -> page: the one tree from which HTML, Markdown and the auditor's text are rendered.

In: `Assessment`. Out: `Page` of sections and nodes. Each conclusion is proved once, under its kind; where it is met
again a link leads there.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge.items import LABEL_MEANING
from ..knowledge.language import Difference
from .assessment import Assessment
from .certainty import certainty_in_words
from .differences import VERDICT, differences_of
from .estimates import EstimateResult, estimates_of, weakest
from .inquiry_nodes import InquiryWriter
from .nodes import Node, Page, Section, Tone, group, note
from .proof_nodes import ProofWriter
from .proofs import Proofs
from .record_nodes import RecordWriter
from .rows import Row, concluded_by_kind
from .summary import Summary, held_conclusions, summarise
from .wording import Words, percent

TONES: dict[str, Tone] = {"emergency": "alarm", "urgent": "alarm", "soon": "caution", "not_determined": "caution"}
FOLD = 12
"""A list longer than this starts folded."""


def build_page(assessment: Assessment, language: str = "en", *, audit: bool = False) -> Page:
    """The page of an assessment; sections without content are left out. `audit` adds what is written for auditors alone."""
    writer = PageWriter(assessment, Words(assessment.knowledge, language), audit=audit)
    sections = tuple(section for section in writer.sections() if section.nodes)
    as_of = f"As of {assessment.case.as_of}. " if assessment.case.as_of else ""
    return Page(
        title=f"Assessment of {assessment.case.case}",
        subtitle=f"{as_of}For clinicians; supports, does not replace, an examination.",
        banner=tuple(writer.row(row) for row in writer.summary.first),
        lead=tuple(writer.row(row) for row in writer.summary.headlines),
        tone=TONES.get(assessment.disposition, "plain"),
        sections=sections,
    )


class PageWriter:
    """Writes the sections of a page, each from its own part of the assessment."""

    def __init__(self, assessment: Assessment, words: Words, *, audit: bool = False) -> None:
        self.assessment, self.words, self.audit = assessment, words, audit
        self.knowledge = assessment.knowledge
        proofs = Proofs(assessment)
        self.trace = proofs.trace
        self.summary: Summary = summarise(proofs, words)
        self.proofs = ProofWriter(proofs, words)

    def sections(self) -> Iterator[Section]:
        """Every section in order."""
        inquiry = InquiryWriter(self.assessment, self.trace, self.words, audit=self.audit)
        record = RecordWriter(self.assessment, self.trace, self.words)
        yield Section(id="plan", title="Plan", nodes=tuple(self.plan()))
        yield Section(id="next", title="Ask next", nodes=tuple(self.questions()))
        yield Section(id="contradictions", title="Contradictions", nodes=tuple(self.contradictions()))
        yield Section(id="conclusions", title="Conclusions and why", intro=legend(), nodes=tuple(self.conclusions()))
        yield Section(id="causes", title="For and against each cause", nodes=tuple(inquiry.arguments()))
        yield Section(id="evidence", title="Article beside published evidence", nodes=tuple(self.differences()))
        yield Section(id="estimates", title="What the tests change", nodes=tuple(self.estimates()))
        yield Section(id="changes", title="What would change the answer", nodes=tuple(inquiry.changes()))
        yield Section(id="nearly", title="Rules that nearly fired", nodes=tuple(inquiry.nearly()))
        yield Section(id="held", title="Held back", nodes=tuple(self.held()))
        yield Section(id="checked", title="Looked for and not concluded", nodes=tuple(inquiry.checked()))
        yield Section(id="findings", title="Findings", nodes=tuple(record.findings()))
        yield Section(id="figures", title="Figures that the rules compared with", nodes=tuple(record.figures()))
        yield Section(id="sources", title="Sources", nodes=tuple(record.sources()))
        yield Section(id="use", title="Intended use and limits", nodes=tuple(record.use()))
        yield Section(id="record", title="Record", nodes=tuple(record.record()))

    def row(self, row: Row) -> Node:
        """A row of the summary as a node."""
        facts = tuple(Node(text=fact, role="fact") for fact in row.facts)
        return Node(label=row.heading, text=row.text, ids=row.sources, children=facts)

    def plan(self) -> Iterator[Node]:
        """The state of the plan, then every item of advice, each with a link to its reasons."""
        yield from (self.row(row) for row in self.summary.plan)
        for kind, items in concluded_by_kind(self.assessment).items():
            if self.knowledge.kind_by_id[kind].actionable:
                yield from group(self.words.kind(kind), tuple(self.linked(item.id, item.grade) for item in items))
        held = held_conclusions(self.assessment, self.trace)
        nodes = tuple(Node(text=self.words.conclusion(name), ids=(name,), role="fact", tone="muted") for name in held)
        yield from group("Withheld", nodes, folded=True)

    def linked(self, name: str, grade: str) -> Node:
        """The sentence of a conclusion with a link to its reasons."""
        return Node(text=self.words.sentence(name, grade), ids=(name,), role="fact", link=f"why-{name}")

    def questions(self) -> Iterator[Node]:
        """What to ask next."""
        for question in self.summary.questions:
            yield Node(
                text=question.question,
                ids=(question.finding,),
                children=(*note(None, question.effects), *note("why", question.why)),
            )

    def contradictions(self) -> Iterator[Node]:
        """Answers that cannot all be right, each with its findings."""
        for item in self.trace.contradictions:
            values = self.assessment.case.values
            facts = (Node(text=self.words.recorded(name, values[name]), ids=(name,), role="fact") for name in item.findings)
            text = f"{self.words.filled(item.because)} ({item.file}:{item.line})"
            yield Node(text=text, ids=(item.constraint,), tone="alarm" if item.urgent else "caution", children=tuple(facts))

    def conclusions(self) -> Iterator[Node]:
        """Each conclusion with its proof tree, under its kind; what is neither urgent nor headline starts folded when long."""
        for kind, items in concluded_by_kind(self.assessment).items():
            nodes = tuple(self.proofs.conclusion(item.id) for item in items)
            yield from group(self.words.kind(kind), nodes, folded=len(nodes) > FOLD)

    def differences(self) -> Iterator[Node]:
        """What the article says beside what is published, for every conclusion shown."""
        for item in differences_of(self.assessment):
            yield self._difference(item)

    def _difference(self, item: Difference) -> Node:
        says = Node(label="article", text=self.words.filled(item.says), ids=item.says_source, role="note")
        published = Node(label="published", text=self.words.filled(item.published), ids=item.published_source, role="note")
        label = weakest(item.certainty)
        sure = note("weakest link", certainty_in_words(label)) if label else ()
        text = self.words.filled(item.wording)
        return Node(label=VERDICT[item.verdict], text=text, ids=(item.id,), role="pair", children=(says, published, *sure))

    def estimates(self) -> Iterator[Node]:
        """Post-test probabilities as ranges, pooled and first-generation figures side by side, with their assumptions."""
        for item in estimates_of(self.knowledge, self.assessment.grades):
            assumed = note("assumed", self.words.filled(item.assumptions))
            yield Node(
                text=item.title, ids=(item.estimate, *item.shown_with), role="pair", children=(*self._variants(item), *assumed)
            )

    def _variants(self, item: EstimateResult) -> Iterator[Node]:
        for variant in item.variants:
            low, high = variant.likelihood_ratio
            point = f"{variant.point:g}, " if variant.point is not None else ""
            change = f"from {percent(item.pre_test)} before to {percent(variant.post_test)} after"
            text = f"{change}; likelihood ratio {point}{low:g} to {high:g}"
            sure = f"; weakest link {certainty_in_words(variant.certainty)}" if variant.certainty else ""
            yield from note(variant.label, text + sure, variant.source)

    def held(self) -> Iterator[Node]:
        """Rules whose conditions hold and that were held back."""
        for blocked in self.trace.blocked:
            by = tuple(self.words.graded(part.conclusion, part.grade) for part in blocked.by)
            ids = (blocked.rule, *(part.conclusion for part in blocked.by))
            text = f"{self.words.rule(blocked.rule, 'title')}: held back by {' and '.join(by)} ({blocked.file}:{blocked.line})"
            yield Node(text=text, ids=ids, role="rule")


def legend() -> str:
    """The certainty labels in words."""
    labels = "; ".join(f"{label} {meaning}" for label, meaning in LABEL_MEANING.items())
    return f"Certainty of each rule, from strongest to weakest: {labels}."
