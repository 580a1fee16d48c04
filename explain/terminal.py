"""Assessment -> a rich tree for terminals: urgency and what is said first, then conclusions by kind with the rules
behind them.

In: `Assessment`. Out: `rich.tree.Tree`. Nothing from knowledge or case is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from .assessment import Assessment
from .inert import inert
from .nodes import Tone
from .page import TONES
from .proofs import Proofs
from .rows import Row, RowWriter, concluded_by_kind
from .summary import summarise
from .wording import Words

STYLES: dict[Tone, str] = {"alarm": "bold red", "caution": "bold yellow", "plain": "bold", "good": "bold", "muted": "dim"}


def render_tree(assessment: Assessment, language: str = "en") -> Tree:
    """The answer as a tree."""
    words, proofs = Words(assessment.knowledge, language), Proofs(assessment)
    summary = summarise(proofs, words)
    root = Tree(Text(inert(assessment.case.case), style="bold"))
    _add_rows(root, summary.first, STYLES[TONES.get(assessment.disposition, "plain")])
    _add_rows(root, [*summary.headlines, *summary.plan], "")
    rows = RowWriter(proofs, words, frozenset(item.id for item in assessment.shown))
    for kind, items in concluded_by_kind(assessment).items():
        branch = root.add(Text(inert(words.kind(kind)), style="bold"))
        _add_rows(branch, (rows.row(item.id, "") for item in items), "")
    return root


def _add_rows(tree: Tree, rows: Iterable[Row], style: str) -> None:
    for row in rows:
        heading = Text(inert(f"{row.heading}: " if row.heading else ""), style="bold")
        leaf = tree.add(heading + Text(inert(row.text), style=style))
        for fact in row.facts:
            leaf.add(Text(inert(fact), style="dim"))
        if row.sources:
            leaf.add(Text(f"source: {' '.join(row.sources)}", style="dim"))
