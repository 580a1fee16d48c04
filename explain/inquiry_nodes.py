"""What else an auditor asks, as nodes: for and against each cause, what would change the answer, what nearly fired,
what was looked for.

In: `Assessment`, its trace, and `Words`. Out: nodes. Changes that would lower the urgency are written for the auditor
alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..engine.bounds import bounds_of
from ..engine.trace import Recorder, Trace
from ..knowledge.conditions import FINDING_TESTS, Leaf
from ..knowledge.items import URGENCY
from ..knowledge.language import Conclusion, Rule
from .arguments import Argument, Ledger
from .assessment import Assessment
from .counterfactual import ChangeSet
from .inquiry_words import STATES, set_in_words, tier
from .nodes import Node, note
from .proof_nodes import subject
from .why_not import Unmet, unmet_leaves, unmet_of
from .wording import Words

FAR = 2
"""Rules further than this from firing are not shown as nearly fired."""
NEAR_SHOWN = 12
LEAVES_SHOWN = 6


class InquiryWriter:
    """Writes what could be otherwise."""

    def __init__(self, assessment: Assessment, trace: Trace, words: Words, *, audit: bool = False) -> None:
        self.assessment, self.trace, self.words, self.audit = assessment, trace, words, audit
        self.knowledge = assessment.knowledge
        self.candidates = [item.id for item in self.knowledge.declared if self.knowledge.kind_by_id[item.kind].candidates]

    def arguments(self) -> Iterator[Node]:
        """The ledger of each candidate: for, against, unconfirmed, and whether it is settled."""
        for ledger in self.assessment.arguments():
            yield from self.ledger(ledger)

    def ledger(self, ledger: Ledger) -> Iterator[Node]:
        """One candidate."""
        state = (
            self.words.graded(ledger.conclusion, ledger.grade)
            if ledger.grade
            else f"{self.words.conclusion(ledger.conclusion)}: not concluded"
        )
        settled = self.assessment.settled(ledger.conclusion)
        turning = "" if settled.state in {"always", "never"} else f" ({len(settled.unknowns)})"
        parts = (("for", ledger.supports), ("against", ledger.against), ("unconfirmed", ledger.unconfirmed))
        children = tuple(
            Node(
                text=f"{name} ({len(items)})",
                role="branch",
                folded=name == "unconfirmed",
                children=tuple(self.argument(item) for item in items),
            )
            for name, items in parts
            if items
        )
        sure = tuple(note("settled", f"{STATES[settled.state]}{turning}", settled.unknowns))
        yield Node(text=state, ids=(ledger.conclusion,), children=(*children, *sure))

    def argument(self, item: Argument) -> Node:
        """A finding that rules read, as it stands, with the rules."""
        text = self.words.finding(item.finding) if item.value is None else self.words.recorded(item.finding, item.value)
        return Node(text=text, ids=(item.finding,), role="fact")

    def changes(self) -> Iterator[Node]:
        """The smallest changes of one or two answers that would change the urgency or a candidate, by what they come to."""
        for name in [URGENCY, *self.candidates]:
            if name in self.knowledge.conclusion_by_id:
                yield from self.changes_of(name)

    def changes_of(self, name: str) -> Iterator[Node]:
        """Those of one conclusion."""
        found = self.assessment.counterfactuals(name, "changes", most=2)
        sets = [item for item in found.sets if not item.contradicts and (self.audit or not item.re_examine)]
        results: dict[str, list[ChangeSet]] = {}
        for item in sets:
            results.setdefault(self.result(name, item), []).append(item)
        children = tuple(
            Node(
                text=f"{result}: any one of ({len(items)})",
                role="branch",
                folded=len(items) > 6,
                children=tuple(map(self.change, items)),
            )
            for result, items in results.items()
        )
        if children:
            now = tier(found.now) if name == URGENCY else self.words.graded(name, found.now) if found.now else "not concluded"
            yield Node(text=f"{self.words.conclusion(name)}, now {now}", ids=(name,), children=children)

    def result(self, name: str, item: ChangeSet) -> str:
        """What a set of changes comes to."""
        if item.re_examine:
            return "would lower the urgency, re-examine"
        if name == URGENCY:
            return tier(item.grade)
        return self.words.graded(name, item.grade) if item.grade else "no longer concluded"

    def change(self, item: ChangeSet) -> Node:
        """One set of changes."""
        return Node(text=set_in_words(item, self.words), ids=tuple(change.finding for change in item.changes), role="fact")

    def nearly(self) -> Iterator[Node]:
        """The unfired rules nearest to firing, with what they lack."""
        recorder = Recorder(self.assessment.case, self.assessment.grades, self.assessment.engine.program)
        known = {item.rule for item in self.trace.firings} | {item.rule for item in self.trace.blocked}
        near: list[tuple[int, int, Rule, Unmet]] = []
        for number, rule in enumerate(
            rule for rule in self.knowledge.rules if rule.id not in known | self.knowledge.screening and self.adds(rule)
        ):
            lack = unmet_of(recorder.checked(rule.when))
            if lack.distance <= FAR and self.touches(rule):
                near.append((lack.distance, number, rule, lack))
        for distance, _, rule, lack in sorted(near, key=lambda item: item[:2])[:NEAR_SHOWN]:
            yield self.near(rule, lack, distance)

    def adds(self, rule: Rule) -> bool:
        """Whether firing would say something that does not hold yet."""
        grades, declared = self.assessment.grades, self.knowledge.conclusion_by_id
        return any(
            item.conclusion not in grades
            or declared[item.conclusion].rank(grades[item.conclusion]) < declared[item.conclusion].rank(item.grade)
            for item in rule.then
        )

    def touches(self, rule: Rule) -> bool:
        """Whether something that was given or derived meets one of its tests: a rule of which nothing holds is not near."""
        check = Recorder(self.assessment.case, self.assessment.grades, self.assessment.engine.program).checked(rule.when)
        return check.test != "leaf" and any(member.holds for member in check.of)

    def near(self, rule: Rule, lack: Unmet, distance: int) -> Node:
        """One rule that nearly fired."""
        leaves_missing = tuple(dict.fromkeys(unmet_leaves(lack)))
        facts = tuple(self.lacking(leaf) for leaf in leaves_missing[:LEAVES_SHOWN])
        more = (
            tuple(note(None, f"and {len(leaves_missing) - LEAVES_SHOWN} others that would do"))
            if len(leaves_missing) > LEAVES_SHOWN
            else ()
        )
        plural = "s" if distance > 1 else ""
        text = f"{self.words.rule(rule.id, 'title')}: {distance} condition{plural} short ({rule.file}:{rule.line})"
        return Node(text=text, ids=(rule.id,), role="rule", children=(*facts, *more))

    def lacking(self, leaf: Leaf) -> Node:
        """A test that does not hold: not asked, or answered otherwise."""
        name = subject(leaf)
        if isinstance(leaf, FINDING_TESTS):
            label = "answered otherwise" if leaf.finding in self.assessment.case.values else "not recorded"
        else:
            label = "not concluded"
        return Node(label=label, text=self.words.test(leaf), ids=(name,), role="fact", tone="muted")

    def checked(self) -> Iterator[Node]:
        """What was looked for and not concluded, by kind: what can still come to hold, and what cannot."""
        reachable = bounds_of(self.assessment.engine.bitplane, self.assessment.case).greatest
        absent = [item for item in self.knowledge.declared if item.id not in self.assessment.grades and item.within is None]
        for kind in self.knowledge.kind_by_id:
            items = [item for item in absent if item.kind == kind]
            still = self.absent("open, answers missing", [item for item in items if item.id in reachable])
            never = self.absent(
                "no answer still missing can bring it about", [item for item in items if item.id not in reachable]
            )
            if items:
                text = f"{self.words.kind(kind)} ({len(items)})"
                yield Node(text=text, role="group", folded=True, children=(*still, *never))

    def absent(self, state: str, items: list[Conclusion]) -> Iterator[Node]:
        """Conclusions that were not drawn, for one reason."""
        facts = tuple(Node(text=self.words.conclusion(item.id), ids=(item.id,), role="fact") for item in items)
        if facts:
            yield Node(text=f"{state} ({len(facts)})", role="branch", children=facts)
