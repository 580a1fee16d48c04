"""What an auditor looks up: every finding and where it was used, the figures compared with, sources, intended use, and
the record.

In: `Assessment`, its trace, and `Words`. Out: nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..engine.case import Recorded
from ..engine.trace import Trace, holding_leaves
from ..knowledge.conditions import FINDING_TESTS, AtLeast, Condition, NumberTest, leaves_within
from ..knowledge.language import Finding, Parameter, Rule
from ..knowledge.screens import whole_of
from .assessment import Assessment
from .certainty import certainty_in_words, overdue
from .document import knowledge_record
from .estimates import weakest
from .nodes import Node, group, note
from .wording import Words, citation, number

USED, UNUSED, ABSENT, UNKNOWN = "Used", "Recorded, not used by a rule that fired", "Answered no, not used", "Not recorded"


class RecordWriter:
    """Writes the sections that say what was given, what it was compared with, and who answered."""

    def __init__(self, assessment: Assessment, trace: Trace, words: Words) -> None:
        self.assessment, self.trace, self.words = assessment, trace, words
        self.knowledge = assessment.knowledge

    def findings(self) -> Iterator[Node]:
        """Every finding: used and by which rules, recorded and not used, answered no, not recorded."""
        used, recorded = self.uses(), self.assessment.case.recorded
        groups: dict[str, list[Node]] = {USED: [], UNUSED: [], ABSENT: [], UNKNOWN: []}
        for finding in self.knowledge.findings:
            item = recorded.get(finding.id)
            if item is None:
                groups[UNKNOWN].append(Node(text=self.words.finding(finding.id), ids=(finding.id,), role="fact"))
            else:
                rules = used.get(finding.id, ())
                name = USED if rules else ABSENT if item.value is False else UNUSED
                groups[name].append(self.finding(finding, item, tuple(rules)))
        for name, nodes in groups.items():
            yield from group(name, tuple(nodes), folded=name != USED or len(nodes) > 40)

    def finding(self, finding: Finding, item: Recorded, rules: tuple[str, ...]) -> Node:
        """One recorded finding: its value, who recorded it, when and how, and the rules that rest on it."""
        said = [
            f"recorded by {item.recorded_by}" if item.recorded_by else "",
            f"on {item.recorded_on}" if item.recorded_on else "",
        ]
        said += [item.method or "", item.note or ""]
        how = "; ".join(filter(None, [finding.obtained_by, *said]))
        count = f"; used by {len(rules)} rule{'s' if len(rules) > 1 else ''}:" if rules else ""
        text = (
            f"{self.words.recorded(finding.id, item.value)} ({how}{count})"
            if not rules
            else f"{self.words.recorded(finding.id, item.value)} ({how}){count}"
        )
        return Node(text=text, ids=(finding.id, *rules), role="fact")

    def uses(self) -> dict[str, dict[str, None]]:
        """For each recorded finding, the rules that fired on a test of it that holds; screens are left out."""
        found: dict[str, dict[str, None]] = {}
        for firing in self.trace.firings:
            if firing.rule not in self.knowledge.screening:
                for leaf in holding_leaves(firing.when):
                    if isinstance(leaf, FINDING_TESTS):
                        found.setdefault(leaf.finding, {})[firing.rule] = None
        return found

    def figures(self) -> Iterator[Node]:
        """Every number that a fired rule compared with: its value, source, and what of it is our reading."""
        used: dict[str, None] = {}
        for name in self.assessment.fired:
            used |= dict.fromkeys(self.compared(self.knowledge.rule_by_id[name]))
        for name in used:
            yield self.figure(self.knowledge.parameter_by_id[name])

    def compared(self, rule: Rule) -> Iterator[str]:
        """The parameters that a rule compares or counts with, in the order in which it is read."""
        tests = leaves_within(rule.when, self.knowledge.part_by_id)
        yield from (leaf.parameter for leaf in tests if isinstance(leaf, NumberTest) and leaf.parameter)
        yield from (name for part in whole_of(rule.when, self.knowledge.part_by_id) for name in counts_in(part))

    def figure(self, item: Parameter) -> Node:
        """One parameter."""
        low, high = (number(end) for end in item.range)
        set_by = f", set by {item.overridden_by} in place of {number(item.declared_value or 0)}" if item.overridden_by else ""
        text = (
            f"{number(item.value)} {item.unit}{set_by} (allowed {low} to {high}; checked {item.checked}; {item.file}:{item.line})"
        )
        return Node(
            label=item.id.replace("_", " "),
            text=text,
            ids=(item.id, *item.source),
            role="fact",
            children=tuple(note("our reading", item.interpretation)),
        )

    def sources(self) -> Iterator[Node]:
        """Every reference that a fired rule cites, and what those rest on."""
        fired = (self.knowledge.rule_by_id[name] for name in self.assessment.fired)
        for key in self.words.with_cited(key for rule in fired for key in rule.source):
            yield self.source(key)

    def source(self, key: str) -> Node:
        """One reference in full, with how sure it is and when it is to be looked at again."""
        item = self.knowledge.reference_by_id[key]
        late = overdue(item, self.assessment.case.as_of)
        label = weakest(item.certainty)
        parts = [certainty_in_words(label) if label else "", f"checked {item.checked}" if item.checked else ""]
        parts += [f"REVIEW WAS DUE {item.review_by}" if late else f"review by {item.review_by}" if item.review_by else ""]
        status = "; ".join(filter(None, parts))
        text = citation(item) + (f" ({status})" if status else "")
        return Node(text=text, ids=(key,), role="note", anchor=f"source-{key}", tone="caution" if late else "plain")

    def use(self) -> Iterator[Node]:
        """Intended use, misuse and authority of each pack."""
        for pack in self.knowledge.packs:
            parts = (("use", pack.intended_use), ("not for", pack.misuse), ("authority", pack.authority))
            children = tuple(child for label, text in parts for child in note(label, text))
            yield Node(text=f"{pack.title} (version {pack.version})", ids=(pack.pack,), role="branch", children=children)

    def record(self) -> Iterator[Node]:
        """Fingerprint, versions, who answered, and how to verify."""
        from .assessment import software_version

        record, case = knowledge_record(self.knowledge), self.assessment.case
        yield from note("knowledge", f"{record.fingerprint} ({record.named_packs})")
        evaluators = " and ".join(self.assessment.inference.evaluators)
        yield from note("software", f"sijoint {software_version()}; answered alike by {evaluators}")
        yield from note("as of", str(case.as_of) if case.as_of else None)
        yield from note("certificate", self.assessment.certificate)
        for name, value in record.overrides.items():
            yield from note("local policy", f"{name} = {value}")
        yield from note(
            "verify",
            "assess the same case under the knowledge with this fingerprint: the JSON and this page must be the same byte "
            "for byte. "
            "`sijoint check` runs the cases beside the rules; `sijoint rules RULE` prints a rule with its source.",
        )


def counts_in(condition: Condition) -> Iterator[str]:
    """The parameters that counts within a condition use."""
    if isinstance(condition, AtLeast) and condition.parameter:
        yield condition.parameter
    for member in getattr(condition, "of", ()):
        yield from counts_in(member)
