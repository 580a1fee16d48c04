"""Reading a rendered page back: the ids of its markup, and every tag and attribute."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from sijoint.explain.justification import Justification, Reason, RuleProof, justify
from sijoint.explain.why_not import unmet_leaves
from sijoint.knowledge.conditions import Leaf

from sijoint import Assessment

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags with their attributes, text, and the `data-id`s under each element that has an id."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.ids: dict[str, list[str]] = {}
        self.stack: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in VOID:
            self.stack.append(found.get("id"))
        if name := found.get("id"):
            assert name not in self.ids, f"the id {name} stands twice"
            self.ids[name] = []
        if fact := found.get("data-id"):
            for holder in filter(None, self.stack):
                self.ids[holder].append(fact)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> Reader:
    """A page read back; every element that was opened was closed."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.stack
    return reader


class Named:
    """The ids that the proofs of an assessment name, from its justifications alone: what a page has to name."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        self.screens = {f"{item.pack}/{item.open}" for item in assessment.knowledge.screens}
        self.unfolded = {item.id for item in assessment.shown}

    def entries(self) -> dict[str, Counter[str]]:
        """The ids of each conclusion's entry, in the order of the page."""
        trace = self.assessment.trace
        return {
            item.id: Counter(self.entry(justify(trace, self.assessment.knowledge, item.id))) for item in self.assessment.shown
        }

    def entry(self, proof: Justification) -> list[str]:
        return [proof.conclusion, *(name for rule in proof.rules for name in self.rule(rule))]

    def rule(self, rule: RuleProof) -> list[str]:
        when = self.reason(rule.when)
        if rule.rule in self.screens:
            when = [name for leaf in dict.fromkeys(self.leaves(rule.when)) for name in self.of_leaf(leaf)]
        blockers = [
            str(item.leaf.conclusion) for item in rule.unless if item.leaf is not None and item.leaf.test == "not_derived"
        ]
        return [rule.rule, *when, *blockers, *rule.source]

    def reason(self, reason: Reason) -> list[str]:
        if reason.proof is not None:
            if reason.proof.conclusion in self.unfolded:
                return [reason.proof.conclusion]
            self.unfolded.add(reason.proof.conclusion)
            return self.entry(reason.proof)
        own = self.of_leaf(reason.leaf) if reason.leaf is not None else [reason.parameter] if reason.parameter else []
        held = [name for member in reason.of for name in self.reason(member)]
        return [*own, *held, *(self.of_leaf(leaf)[0] for item in reason.unmet for leaf in unmet_leaves(item))]

    def leaves(self, reason: Reason) -> list[Leaf]:
        if reason.proof is not None and reason.proof.conclusion in self.assessment.knowledge.part_by_id:
            return [leaf for rule in reason.proof.rules for leaf in self.leaves(rule.when)]
        own = [reason.leaf] if reason.leaf is not None else []
        return [*own, *(leaf for member in reason.of for leaf in self.leaves(member))]

    def of_leaf(self, leaf: Leaf) -> list[str]:
        subject = getattr(leaf, "finding", None) or getattr(leaf, "conclusion", "")
        parameter = getattr(leaf, "parameter", None)
        return [subject, parameter] if parameter else [subject]
