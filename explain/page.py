"""Assessment -> page: the one tree from which HTML, Markdown and the auditor's text are rendered.

In: `Assessment`. Out: `Page` of sections and nodes. A node's `ids` are exactly the findings, conclusions, rules and references that its text
names; renderers write them as markup, so that they can be read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..engine.trace import Trace
from ..knowledge.conditions import Unknown
from ..knowledge.language import LABEL_MEANING, LABEL_ORDER, Difference
from .assessment import Assessment
from .justification import Justification, Reason, RuleProof, justify
from .summary import Row, Summary, grounds, summarise
from .wording import Words

Tone = Literal["plain", "alarm", "caution", "good", "muted"]
TONES: dict[str, Tone] = {"emergency": "alarm", "urgent": "alarm", "soon": "caution", "not_determined": "caution"}


class Node(BaseModel):
    """One statement of a page, what it names, and what stands under it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    ids: tuple[str, ...] = ()
    label: str | None = None
    role: Literal["item", "rule", "branch", "fact", "note"] = "item"
    tone: Tone = "plain"
    children: tuple[Node, ...] = ()


class Section(BaseModel):
    """A headed part of a page; `open` says whether it starts unfolded."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    intro: str | None = None
    nodes: tuple[Node, ...]
    open: bool = True


class Page(BaseModel):
    """A whole page."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    banner: tuple[Node, ...]
    tone: Tone
    sections: tuple[Section, ...]


def build_page(assessment: Assessment, language: str = "en") -> Page:
    """The page of an assessment; sections without content are left out."""
    words = Words(assessment.knowledge, language)
    writer = PageWriter(assessment, words)
    sections = [section for section in writer.sections() if section.nodes]
    return Page(
        title=f"Assessment of {assessment.case.case}",
        banner=tuple(writer.banner()),
        tone=TONES.get(assessment.disposition, "plain"),
        sections=tuple(sections),
    )


class PageWriter:
    """Writes the sections of a page, each from its own part of the assessment."""

    def __init__(self, assessment: Assessment, words: Words) -> None:
        self.assessment, self.words = assessment, words
        self.knowledge = assessment.knowledge
        self.screens = {f"{screen.pack}/{screen.open}" for screen in self.knowledge.screens}
        self.trace: Trace = assessment.trace
        self.summary: Summary = summarise(assessment, words)

    def banner(self) -> Iterator[Node]:
        """Contradictions, steps, urgency and screens."""
        for row in (*self.summary.contradictions, *self.summary.steps, *self.summary.urgency, *self.summary.screens):
            yield self.row(row)

    def row(self, row: Row) -> Node:
        """A row of the summary as a node."""
        facts = tuple(Node(text=fact, role="fact") for fact in row.facts)
        return Node(label=row.heading, text=row.text, ids=row.sources, children=facts)

    def sections(self) -> Iterator[Section]:
        """Every section in order."""
        yield Section(id="plan", title="Plan", nodes=tuple(self.row(row) for row in self.summary.plan))
        yield Section(id="next", title="Ask next", nodes=tuple(self.questions()))
        yield Section(id="conclusions", title="Conclusions and why", nodes=tuple(self.conclusions()))
        yield Section(id="causes", title="For and against each cause", nodes=tuple(self.arguments()))
        yield Section(id="evidence", title="Article beside published evidence", nodes=tuple(self.differences()))
        yield Section(id="estimates", title="What a test result changes", nodes=tuple(self.estimates()))
        yield Section(id="held", title="Held back", nodes=tuple(self.held()), open=False)
        yield Section(id="changes", title="What would change the answer", nodes=tuple(self.changes()), open=False)
        yield Section(id="nearly", title="Rules that nearly fired", nodes=tuple(self.nearly()), open=False)
        yield Section(id="findings", title="Findings", nodes=tuple(self.findings()), open=False)
        yield Section(id="sources", title="Sources", nodes=tuple(self.sources()), open=False)
        yield Section(id="use", title="Intended use and limits", nodes=tuple(self.use()))
        yield Section(id="record", title="Record", nodes=tuple(self.record()))

    def questions(self) -> Iterator[Node]:
        """What to ask next."""
        for question in self.summary.questions:
            yield Node(text=question.question, ids=(question.finding,), children=self._note(question.why))

    def _note(self, text: str | None) -> tuple[Node, ...]:
        return (Node(text=text, role="note"),) if text else ()

    def conclusions(self) -> Iterator[Node]:
        """Each conclusion with its proof tree."""
        for item in self.assessment.shown:
            yield self.proof(justify(self.trace, self.knowledge, item.id), self.words.kind(item.kind))

    def proof(self, proof: Justification, label: str | None = None) -> Node:
        """A proof tree as nodes."""
        if proof.seen:
            return Node(text=f"{self.words.graded(proof.conclusion, proof.grade)}: as above", ids=(proof.conclusion,))
        text = self.words.sentence(proof.conclusion, proof.grade) if label else self.words.graded(proof.conclusion, proof.grade)
        return Node(label=label, text=text, ids=(proof.conclusion,), children=tuple(self.rule(rule) for rule in proof.rules))

    def rule(self, rule: RuleProof) -> Node:
        """A rule that fired: its source, what is interpretation, and the facts that met it."""
        notes = [Node(label="source", text=self.words.cited(key), ids=(key,), role="note") for key in rule.source]
        for label, part in (("our reading", "interpretation"), ("mechanism", "because")):
            if text := self.words.rule(rule.rule, part):
                notes.append(Node(label=label, text=text, role="note"))
        if rule.certainty:
            meaning = "; ".join(LABEL_MEANING[label] for label in rule.certainty)
            notes.append(Node(label="certainty", text=f"{' '.join(rule.certainty)}: {meaning}", role="note"))
        blocked = [Node(text=self.words.test(item.leaf), ids=(_conclusion(item),), role="fact") for item in rule.unless if item.leaf]
        title = f"{self.words.rule(rule.rule, 'title')} ({rule.file}:{rule.line})"
        when = self.unanswered(rule) if rule.rule in self.screens else self.reason(rule.when)
        return Node(text=title, ids=(rule.rule,), role="rule", children=(when, *blocked, *notes))

    def unanswered(self, rule: RuleProof) -> Node:
        """Why a screen is open: the questions that still matter, once each."""
        proof = Justification(conclusion=rule.rule, grade=rule.grade, rules=(rule,))
        missing = dict.fromkeys(leaf.finding for leaf, _ in grounds(proof) if isinstance(leaf, Unknown))
        facts = tuple(Node(text=f"{self.words.finding(name)}: not recorded", ids=(name,), role="fact") for name in missing)
        return Node(text=f"{len(facts)} unanswered questions that still matter", role="branch", children=facts)

    def reason(self, reason: Reason) -> Node:
        """A condition that holds."""
        if reason.proof is not None:
            return self.proof(reason.proof)
        if reason.leaf is not None:
            return Node(text=self.words.fact(reason.leaf, reason.value), ids=(_subject(reason),), role="fact")
        heading = {"all": "all of", "any": "any of"}.get(reason.test, f"at least {reason.k}, here {len(reason.of)}, of")
        unmet = tuple(Node(label="not met", text=self.words.test(leaf), role="fact", tone="muted") for leaf in reason.unmet)
        return Node(text=heading, role="branch", children=(*(self.reason(member) for member in reason.of), *unmet))

    def arguments(self) -> Iterator[Node]:
        """The ledger of each candidate cause."""
        yield from ()

    def changes(self) -> Iterator[Node]:
        """The smallest changes that would change the urgency or a candidate cause."""
        yield from ()

    def nearly(self) -> Iterator[Node]:
        """The unfired rules that are nearest to firing."""
        yield from ()

    def differences(self) -> Iterator[Node]:
        """What the article says beside what is published, for every conclusion shown."""
        shown = {item.id.partition(".")[0] for item in self.assessment.conclusions}
        for item in self.knowledge.differences:
            if shown & {name.partition(".")[0] for name in item.about}:
                yield self._difference(item)

    def _difference(self, item: Difference) -> Node:
        verdict = {"differs": "differs", "agrees": "agrees", "not_studied": "not studied"}[item.verdict]
        says = Node(label="article", text=item.says, ids=item.says_source, role="note")
        published = Node(label="published", text=item.published, ids=item.published_source, role="note")
        weakest = max(item.certainty, key=LABEL_ORDER.index)
        sure = Node(label="certainty", text=f"weakest link {weakest}: {LABEL_MEANING[weakest]}", role="note")
        return Node(label=verdict, text=item.wording, ids=(item.id,), children=(says, published, sure))

    def estimates(self) -> Iterator[Node]:
        """Post-test probabilities as ranges, with their assumptions."""
        yield from ()

    def held(self) -> Iterator[Node]:
        """Rules whose conditions hold and that were held back."""
        for blocked in self.trace.blocked:
            by = tuple(self.words.graded(part.conclusion, part.grade) for part in blocked.by)
            ids = (blocked.rule, *(part.conclusion for part in blocked.by))
            yield Node(text=f"{self.words.rule(blocked.rule, 'title')}: held back by {' and '.join(by)}", ids=ids, role="rule")

    def findings(self) -> Iterator[Node]:
        """Every finding: present or recorded, known absent, unknown."""
        recorded = self.assessment.case.recorded
        groups: dict[str, list[Node]] = {"Recorded": [], "Known absent": [], "Not recorded": []}
        for finding in self.knowledge.findings:
            item = recorded.get(finding.id)
            if item is None:
                groups["Not recorded"].append(Node(text=self.words.finding(finding.id), ids=(finding.id,), role="fact"))
                continue
            name = "Known absent" if item.value is False else "Recorded"
            extra = [f"by {item.recorded_by}" if item.recorded_by else "", f"on {item.recorded_on}" if item.recorded_on else ""]
            extra += [f"by {item.method}" if item.method else "", item.note or "", finding.obtained_by]
            note = "; ".join(filter(None, extra))
            text = self.words.recorded(finding.id, item.value)
            groups[name].append(Node(text=text, ids=(finding.id,), role="fact", children=self._note(note)))
        for name, nodes in groups.items():
            if nodes:
                yield Node(text=f"{name} ({len(nodes)})", role="branch", children=tuple(nodes))

    def sources(self) -> Iterator[Node]:
        """Every reference that a fired rule cites."""
        fired = (self.knowledge.rule_by_id[name] for name in self.assessment.fired)
        for key in self.words.with_cited(key for rule in fired for key in rule.source):
            yield Node(text=self.words.cited(key), ids=(key,), role="note")

    def use(self) -> Iterator[Node]:
        """Intended use, misuse and authority of each pack."""
        for pack in self.knowledge.packs:
            parts = (("use", pack.intended_use), ("not for", pack.misuse), ("authority", pack.authority))
            children = tuple(Node(label=label, text=text, role="note") for label, text in parts)
            yield Node(text=f"{pack.title}", ids=(pack.pack,), role="branch", children=children)

    def record(self) -> Iterator[Node]:
        """Fingerprint, versions, who answered, and how to verify."""
        document = self.assessment.document()
        packs = ", ".join(f"{item.pack} {item.version}" for item in document.knowledge.packs)
        yield Node(label="knowledge", text=f"{document.knowledge.fingerprint} ({packs})", role="note")
        software = f"{document.software.name} {document.software.version}"
        yield Node(label="software", text=f"{software}; answered alike by {' and '.join(document.evaluators)}", role="note")
        if document.case.as_of:
            yield Node(label="as of", text=str(document.case.as_of), role="note")
        for name, value in document.knowledge.overrides.items():
            yield Node(label="local policy", text=f"{name} = {value}", role="note")
        how = "run sijoint assess on the same case under the knowledge with this fingerprint; the JSON must be the same byte for byte"
        yield Node(label="verify", text=how, role="note")


def _subject(reason: Reason) -> str:
    return str(getattr(reason.leaf, "finding", None) or getattr(reason.leaf, "conclusion", ""))


def _conclusion(reason: Reason) -> str:
    return str(getattr(reason.leaf, "conclusion", ""))


