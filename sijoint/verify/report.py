"""Proofs -> text: a line for each invariant, and for each refuted one the patient who refutes it with the reasons.

In: `Proof`s and their knowledge. Out: text. It computes nothing but the trace of a counterexample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..engine.bitplane import Bitplane
from ..engine.case import Case
from ..engine.program import Outcome, compile_program
from ..engine.trace import build_trace, holding_leaves
from ..explain.inert import inert
from ..explain.wording import Words
from ..knowledge.conditions import Derived
from ..knowledge.language import KnowledgeBase
from .case_files import case_file
from .changes import both
from .compare import Affected, Comparison
from .mutate import Fate
from .prove import Proof
from .watch import rule_of, watch

MARK = {"proved": "proved ", "refuted": "REFUTED", "unknown": "UNKNOWN"}


def render_proof(proof: Proof, knowledge: KnowledgeBase) -> str:
    """One invariant with its verdict, and the counterexample where there is one."""
    item = proof.invariant
    lines = [f"{MARK[proof.verdict]}  {item.pack}/{item.id}: {item.says}"]
    if proof.verdict != "proved":
        lines.append(f"    {item.file}:{item.line}")
    if proof.verdict == "unknown" and not proof.where:
        lines.append("    not decided within the limit of solver steps; counts as failed")
    lines += [f"    {name}" for name in proof.where]
    if proof.case:
        lines += ["    this patient, as a case file:"]
        lines += [f"      {line}" for line in case_file(proof.case).splitlines()]
        lines += [f"    {line}" for line in explain(proof, knowledge)]
    return inert("\n".join(lines))


def explain(proof: Proof, knowledge: KnowledgeBase) -> Iterator[str]:
    """Why the patient of a proof refutes its invariant: what holds, and by which rules."""
    assert proof.case
    if proof.case.steps:
        yield from _explain_step(proof.case, knowledge)
        return
    watched = watch(knowledge)
    program = compile_program(watched)
    outcome = Bitplane(program).evaluate(proof.case)
    trace = build_trace(watched, program, proof.case, outcome, ("compiled",))
    firing = next(item for item in trace.firings if item.rule == rule_of(proof.invariant))
    words = Words(knowledge)
    yield "because for this patient it holds that:"
    for leaf in dict.fromkeys(holding_leaves(firing.when)):
        rules = by_rules(knowledge, outcome, leaf.conclusion) if isinstance(leaf, Derived) else ""
        yield f"  - {words.test(leaf)}{rules}"


def by_rules(knowledge: KnowledgeBase, outcome: Outcome, conclusion: str) -> str:
    """The rules that gave a conclusion."""
    fired = [rule for rule in knowledge.rules_for[conclusion] if rule.id in outcome.fired]
    return f" (by {', '.join(f'{rule.id} at {rule.file}:{rule.line}' for rule in fired)})" if fired else ""


def _explain_step(case: Case, knowledge: KnowledgeBase) -> Iterator[str]:
    """What the one step of a case changes."""
    bitplane = Bitplane(compile_program(knowledge))
    before, after = map(bitplane.evaluate, both(case))
    yield "because the step changes:"
    for name in dict.fromkeys((*before.grade, *after.grade)):
        was, becomes = before.grade.get(name, "not derived"), after.grade.get(name, "not derived")
        if was != becomes:
            yield f"  - {name}: {was} -> {becomes}{by_rules(knowledge, before, name)}{by_rules(knowledge, after, name)}"


def render_examples(proofs: Iterable[Proof]) -> str:
    """The smallest example of every conclusion and grade, as YAML documents of a list."""
    lines = []
    for proof in proofs:
        for item in (item for item in proof.reached if item.example):
            assert item.example
            smallest = "smallest" if item.example.smallest else "small"
            lines.append(f"# {item.name}: {smallest}, {len(item.example.case.findings)} findings")
            lines.append(case_file(item.example.case))
    return "---\n".join(f"{comment}\n{case}" for comment, case in zip(lines[::2], lines[1::2], strict=True))


def render_fate(fate: Fate) -> str:
    """A survivor with the patient who would kill it."""
    lines = [f"survived  {fate.mutant}"]
    if fate.case:
        lines.append("    this case would kill it:")
        lines += [f"      {line}" for line in case_file(fate.case).splitlines()]
    return inert("\n".join(lines))


def render_comparison(comparison: Comparison) -> str:
    """What changed between two versions, and for whom."""
    groups = (("added", comparison.added), ("removed", comparison.removed), ("changed", comparison.changed))
    lines = [str(item) for item in comparison.items if item.decides]
    listed = {item.name for item in comparison.items if item.kind == "rule"}
    lines += [f"rule {word}  {name}" for word, names in groups for name in names if name.partition(".")[0] not in listed]
    for item in comparison.affected:
        lines += _affected(item)
    if comparison.cases:
        lines.append(f"{comparison.changed_cases} of {comparison.cases} cases change")
        lines += [f"    {name}: {count}" for name, count in comparison.counts]
    if comparison.unchanged:
        lines.append("no patient changes: proved for every conclusion")
    else:
        changed = sum(item.differs is True for item in comparison.affected)
        undecided = len(comparison.affected) - changed
        lines.append(f"{changed} conclusions change for some patient" + (f", {undecided} not decided" if undecided else ""))
    lines += _without_effect(comparison)
    return "\n".join(lines) + "\n"


def _without_effect(comparison: Comparison) -> Iterator[str]:
    """What changed and takes part in no conclusion: words, display, sources, claims, cases."""
    items = [item for item in comparison.items if not item.decides]
    if items:
        yield f"{len(items)} changes that take part in no conclusion:"
    yield from (f"    {item}" for item in items)


def _affected(item: Affected) -> Iterator[str]:
    if item.case is None:
        yield f"conclusion {item.conclusion}: not decided within the limit"
        return
    yield f"conclusion {item.conclusion}: {item.was} -> {item.becomes}, by {', '.join(item.rules)}; smallest patient:"
    yield from (f"      {line}" for line in case_file(item.case).splitlines())
