"""Trace -> a drawing of the fired rules: one box per rule, in columns by stratum, as static SVG with a title and a
text alternative.

In: `Assessment`. Out: `Drawing` (boxes and arrows as data), and SVG text. The layout is deterministic: columns are
strata in which something fired, and boxes in a column are ordered by the mean place of what they rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from textwrap import shorten, wrap

from ..engine.trace import holding_leaves
from ..knowledge.conditions import Derived
from ..knowledge.language import Rule
from .assessment import Assessment
from .wording import Words

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 216, 62, 56, 14, 12
LINE = 30
MOST_BOXES = 300
"""Rules in one drawing: nobody reads more boxes, and every pair of them may have an arrow."""


@dataclass(frozen=True)
class Box:
    """A fired rule at its place, in pixels; `sets` tells the rules that set a grade from those that give less."""

    rule: str
    lines: tuple[str, ...]
    result: str
    kind: str
    sets: bool
    column: int
    x: int
    y: int


@dataclass(frozen=True)
class Arrow:
    """From the box that derived a conclusion to a box that rests on it."""

    start: Box
    end: Box

    @property
    def path(self) -> str:
        """The curve as SVG path data."""
        x1, y1 = self.start.x + BOX_WIDTH, self.start.y + BOX_HEIGHT // 2
        x2, y2 = self.end.x, self.end.y + BOX_HEIGHT // 2
        bend = max(20, (x2 - x1) // 2)
        return f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


@dataclass(frozen=True)
class Drawing:
    """Every box and arrow, the size of the sheet in pixels, and how many rules that fired are left out."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int
    left_out: int = 0


def draw(assessment: Assessment, words: Words) -> Drawing:
    """Lay out the fired rules of an assessment, the first `MOST_BOXES` of them in order of evaluation."""
    fired = [assessment.knowledge.rule_by_id[name] for name in assessment.fired]
    drawn = fired[:MOST_BOXES]
    rests = _rests_on(assessment, {rule.id for rule in drawn})
    columns = _columns(drawn, assessment.engine.program.stratum_of)
    ordered = _order(columns, rests)
    boxes = {
        rule.id: _box(rule, words, assessment, column, row)
        for column, rules in enumerate(ordered)
        for row, rule in enumerate(rules)
    }
    arrows = tuple(Arrow(boxes[start], boxes[end]) for end in boxes for start in rests[end])
    width = MARGIN * 2 + max(len(ordered), 1) * (BOX_WIDTH + GAP_X) - GAP_X
    height = MARGIN * 2 + max((len(rules) for rules in ordered), default=1) * (BOX_HEIGHT + GAP_Y) - GAP_Y
    return Drawing(tuple(boxes.values()), arrows, width, height, len(fired) - len(drawn))


def _rests_on(assessment: Assessment, drawn: Set[str]) -> dict[str, tuple[str, ...]]:
    """For each rule drawn, the rules drawn that set the grade of a conclusion it rests on, without the detours."""
    parts: dict[str, set[str]] = {}
    setting: dict[str, list[str]] = {}
    found: dict[str, tuple[str, ...]] = {}
    above: dict[str, set[str]] = {}
    for firing in assessment.trace.firings:
        tested = {leaf.conclusion for leaf in holding_leaves(firing.when) if isinstance(leaf, Derived)}
        read = {name for test in tested for name in parts.get(test, {test})}
        if firing.rule not in drawn:
            parts |= {item.conclusion: read for item in firing.concluded if item.conclusion in assessment.knowledge.part_by_id}
            continue
        direct = dict.fromkeys(rule for name in sorted(read) for rule in setting.get(name, ()))
        farther = {rule for name in direct for rule in above[name]}
        found[firing.rule] = tuple(rule for rule in direct if rule not in farther)
        above[firing.rule] = farther | direct.keys()
        for item in firing.concluded:
            if assessment.grades[item.conclusion] == item.grade:
                setting.setdefault(item.conclusion, []).append(firing.rule)
    return found


def _columns(fired: list[Rule], stratum_of: Mapping[str, int]) -> list[list[Rule]]:
    strata: dict[int, list[Rule]] = {}
    for rule in fired:
        strata.setdefault(stratum_of[rule.id], []).append(rule)
    return [strata[key] for key in sorted(strata)]


def _order(columns: list[list[Rule]], rests: dict[str, tuple[str, ...]]) -> list[list[Rule]]:
    place: dict[str, float] = {}
    ordered = []
    for column in columns:
        means = {rule.id: _mean([place[key] for key in rests[rule.id] if key in place]) for rule in column}
        column = sorted(column, key=lambda rule: (means[rule.id], rule.id))
        place |= {rule.id: float(row) for row, rule in enumerate(column)}
        ordered.append(column)
    return ordered


def _mean(places: list[float]) -> float:
    return sum(places) / len(places) if places else float("inf")


def _box(rule: Rule, words: Words, assessment: Assessment, column: int, row: int) -> Box:
    result = "; ".join(words.graded(item.conclusion, item.grade) for item in rule.then)
    first = assessment.knowledge.conclusion_by_id[rule.then[0].conclusion]
    title = words.rule(rule.id, "title") or rule.id
    return Box(
        rule=rule.id,
        lines=tuple(wrap(shorten(title, 2 * LINE, placeholder="..."), LINE + 2)[:2]),
        result=shorten(result, LINE, placeholder="..."),
        kind=first.kind,
        sets=any(assessment.grades[item.conclusion] == item.grade for item in rule.then),
        column=column,
        x=MARGIN + column * (BOX_WIDTH + GAP_X),
        y=MARGIN + row * (BOX_HEIGHT + GAP_Y),
    )


def describe_drawing(drawing: Drawing) -> str:
    """The drawing in one sentence, as its text alternative."""
    columns = len({box.column for box in drawing.boxes})
    plural = "" if columns == 1 else "s"
    left_out = f" ({drawing.left_out} more fired and are left out of the drawing)" if drawing.left_out else ""
    return (
        f"{len(drawing.boxes)} rules fired, drawn in {columns} column{plural} from findings on the left to conclusions "
        f"on the right{left_out}; "
        f"{len(drawing.arrows)} arrows lead from the rules that set a grade to what rests on them, by the longest way; rules "
        "that give a lower grade than holds are dashed. The list of conclusions says the same in words."
    )
