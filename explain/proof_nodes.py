"""Justification -> nodes: each conclusion proved once on a page; where it is met again a link leads to its reasons.

In: `Assessment`. Out: nodes. A proof goes one conclusion deep; a conclusion that has an entry of its own is linked,
one that has none is unfolded where it is first met.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..engine.case import Recorded
from ..knowledge.conditions import FINDING_TESTS, Leaf, Unknown
from .certainty import certainty_in_words, overdue, weakest_links
from .justification import Justification, Reason, RuleProof
from .nodes import Node, note
from .proofs import Proofs
from .why_not import unmet_leaves
from .wording import Words


class ProofWriter:
    """Writes proof trees; remembers which conclusions it unfolded."""

    def __init__(self, proofs: Proofs, words: Words) -> None:
        self.proofs, self.words = proofs, words
        self.assessment, self.knowledge = proofs.assessment, proofs.assessment.knowledge
        self.certainty = weakest_links(proofs.trace, self.knowledge)
        self.unfolded = {item.id for item in self.assessment.shown}
        self.cited: set[str] = set()

    def conclusion(self, name: str, *, sentence: bool = True) -> Node:
        """The entry of one derived conclusion with its proof, one conclusion deep."""
        self.cited.clear()
        proof = self.proofs.of(name)
        text = self.words.sentence(name, proof.grade) if sentence else self.words.graded(name, proof.grade)
        link = self.certainty.get(name)
        sure = note("weakest link", certainty_in_words(link)) if link else ()
        children = (*sure, *(self.rule(rule, proof.grade) for rule in proof.rules))
        return Node(text=text, ids=(name,), anchor=f"why-{name}", children=children)

    def met(self, proof: Justification) -> Node:
        """A conclusion that another rests on: linked where it has an entry, unfolded where it is met first."""
        if proof.conclusion in self.unfolded:
            text = self.words.graded(proof.conclusion, proof.grade)
            return Node(text=text, ids=(proof.conclusion,), role="fact", link=f"why-{proof.conclusion}")
        self.unfolded.add(proof.conclusion)
        return self.conclusion(proof.conclusion, sentence=False)

    def rule(self, rule: RuleProof, grade: str) -> Node:
        """A rule that fired, with its grade where that is less: the facts that met it, its sources, its interpretation."""
        when = self.screen(rule) if rule.rule in self.knowledge.screening else self.reason(rule.when)
        blockers = tuple(self.blocker(item.leaf) for item in rule.unless if item.leaf)
        gives = "" if rule.grade == grade else f", gives {rule.grade.replace('_', ' ')}"
        return Node(
            text=f"{self.words.rule(rule.rule, 'title')}{gives} ({rule.file}:{rule.line})",
            ids=(rule.rule,),
            role="rule",
            children=(when, *blockers, *self.grounds(rule)),
        )

    def grounds(self, rule: RuleProof) -> Iterator[Node]:
        """Where a rule comes from, and what its author added."""
        yield from note("mechanism", self.words.rule(rule.rule, "because"))
        new = [key for key in rule.source if key not in self.cited]
        again = tuple(key for key in rule.source if key in self.cited)
        self.cited |= set(new)
        yield from (self.source(key) for key in new)
        yield from note("source", "as above" if again else None, again)
        yield from note("our reading", self.words.rule(rule.rule, "interpretation"))
        yield from note("certainty", " ".join(rule.certainty))

    def source(self, key: str) -> Node:
        """A reference in brief, with what it says; it stands in full under the sources."""
        item = self.knowledge.reference_by_id[key]
        late = overdue(item, self.assessment.case.as_of)
        text = self.words.brief(key) + (f" (review was due {item.review_by})" if late else "")
        return Node(label="source", text=text, ids=(key,), role="note", link=f"source-{key}", tone="caution" if late else "plain")

    def screen(self, rule: RuleProof) -> Node:
        """Why a screen is open: the questions that still matter, once each, and what was not raised."""
        leaves = tuple(dict.fromkeys(self.proofs.leaves(rule)))
        unknown = tuple(leaf for leaf in leaves if isinstance(leaf, Unknown))
        other = tuple(leaf for leaf in leaves if leaf not in unknown)
        asked = (Node(text=self.words.finding(leaf.finding), ids=(leaf.finding,), role="fact") for leaf in unknown)
        facts = (*asked, *(self.leaf(leaf) for leaf in other))
        return Node(text=f"{len(unknown)} unanswered questions that still matter", role="branch", children=facts, folded=True)

    def reason(self, reason: Reason) -> Node:
        """A condition that holds."""
        if reason.proof is not None:
            return self.met(reason.proof)
        if reason.leaf is not None:
            return self.leaf(reason.leaf)
        heading = {"all": "all of", "any": "any of, here"}.get(reason.test) or self.count(reason)
        missing = (leaf for item in reason.unmet for leaf in unmet_leaves(item))
        unmet = tuple(
            Node(label="not met", text=self.words.test(leaf), ids=(subject(leaf),), role="fact", tone="muted") for leaf in missing
        )
        members = tuple(self.reason(member) for member in reason.of)
        return (
            members[0]
            if len(members) == 1 and not unmet and not reason.parameter
            else Node(
                text=heading, ids=(reason.parameter,) if reason.parameter else (), role="branch", children=(*members, *unmet)
            )
        )

    def count(self, reason: Reason) -> str:
        """How many were needed, and how many hold."""
        return f"at least {reason.k} of {len(reason.of) + len(reason.unmet)}, here {len(reason.of)}"

    def leaf(self, leaf: Leaf) -> Node:
        """The fact that met a test, with who recorded it, when and how."""
        if not isinstance(leaf, FINDING_TESTS):
            return self.blocker(leaf)
        recorded = self.assessment.case.recorded.get(leaf.finding)
        value = recorded.value if recorded else None
        said = "; ".join(recorded_in_words(recorded)) if recorded else ""
        text = self.words.fact(leaf, value) + (f" (recorded {said})" if said else "")
        parameter = getattr(leaf, "parameter", None)
        return Node(text=text, ids=(leaf.finding, parameter) if parameter else (leaf.finding,), role="fact")

    def blocker(self, leaf: Leaf) -> Node:
        """A conclusion that would have stood against the rule and was not derived."""
        return Node(text=self.words.test(leaf), ids=(subject(leaf),), role="fact", tone="muted")


def recorded_in_words(item: Recorded) -> Iterator[str]:
    """Who recorded a value, when and how, each where it is given."""
    if item.recorded_by:
        yield f"by {item.recorded_by}"
    if item.recorded_on:
        yield f"on {item.recorded_on}"
    if item.method:
        yield item.method


def subject(leaf: Leaf) -> str:
    """The id that a leaf tests."""
    return str(getattr(leaf, "finding", None) or getattr(leaf, "conclusion", ""))
