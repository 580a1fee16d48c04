"""Questions: what to ask next, in order, with the reason for each.

In: an engine and a case. Out: groups of questions, each question filling one finding. First what the screens still wait
for, then the unknowns whose answer alone changes the urgency, a main conclusion or the plan, then those that bring a main
conclusion nearer. Each answer of a question that is returned was really assessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from pydantic import ConfigDict

from ..engine.infer import Engine, Inference
from ..engine.trace import Recorder, holding_unknowns
from ..engine.unshown import Unshown
from ..knowledge.conditions import FINDING_TESTS
from ..knowledge.items import URGENCY
from ..knowledge.language import KnowledgeBase
from .answers import Answer, answers_of, with_answers
from .lanes import Cut, Lanes, bits, options_for
from .what_if import Shifts, shifts_between
from .why_not import unmet_leaves, unmet_of

FROZEN = ConfigDict(frozen=True, extra="forbid")

Level = Literal["screen", "disposition", "conclusion", "plan", "nearer"]
LEVELS: tuple[Level, ...] = ("screen", "disposition", "conclusion", "plan", "nearer")


class Effect(Unshown):
    """An answer and what it would change."""

    model_config = FROZEN
    answer: Answer
    shifts: Shifts


class NextQuestion(Unshown):
    """A question that fills one finding, why it is asked, and what each answer would change.

    `screen` names the screen that waits for it, `conclusions` what it can change or bring nearer.
    """

    model_config = FROZEN
    shown = ("finding",)
    finding: str
    level: Level
    screen: str | None
    conclusions: tuple[str, ...]
    effects: tuple[Effect, ...]


class QuestionGroup(Unshown):
    """Questions that belong together: one, or the two sides of one finding."""

    model_config = FROZEN
    finding: str
    questions: tuple[NextQuestion, ...]


@dataclass
class Wanted:
    """An unknown worth asking: its place in the order, and what it can change."""

    finding: str
    level: Level
    screen: str | None = None
    weight: int = 0
    conclusions: dict[str, None] = field(default_factory=dict)


def next_questions(
    engine: Engine, inference: Inference, n: int = 3, *, without: Collection[str] = ()
) -> tuple[QuestionGroup, ...]:
    """The `n` groups of questions worth asking next, but for those of the findings named in `without`."""
    wanted = [item for item in rank_unknowns(engine, inference) if item.finding not in without]
    groups: dict[str, list[Wanted]] = {}
    for item in wanted:
        groups.setdefault(item.finding.partition(".")[0], []).append(item)
    chosen = list(groups.items())[: max(n, 0)]
    return tuple(
        QuestionGroup(finding=base, questions=tuple(_question(engine, inference, item) for item in sorted(items, key=_side)))
        for base, items in chosen
    )


def _side(item: Wanted) -> str:
    return item.finding


def _question(engine: Engine, inference: Inference, item: Wanted) -> NextQuestion:
    cut = whole(engine)
    answers = answers_of(engine.knowledge.finding_by_id[item.finding], cut.value_tests(item.finding))
    return NextQuestion(
        finding=item.finding,
        level=item.level,
        screen=item.screen,
        conclusions=tuple(item.conclusions),
        effects=tuple(_effect(engine, inference, answer) for answer in _yes_first(answers)),
    )


def _yes_first(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    return tuple(sorted(answers, key=lambda answer: answer.value is False))


def _effect(engine: Engine, inference: Inference, answer: Answer) -> Effect:
    case = with_answers(inference.case, [answer])
    after = engine.infer(case).outcome
    return Effect(answer=answer, shifts=shifts_between(engine.knowledge, (inference.case, inference.outcome), (case, after)))


@lru_cache(maxsize=16)
def whole(engine: Engine) -> Cut:
    """The whole program of an engine as a cut."""
    return Cut(engine.knowledge, engine.program, engine.bitplane)


def rank_unknowns(engine: Engine, inference: Inference) -> list[Wanted]:
    """The unknowns worth asking, most urgent first: by level, then by how much one answer changes, then as declared."""
    found: dict[str, Wanted] = {}
    for item in (*_for_screens(engine, inference), *_alone(engine, inference), *_nearer(engine, inference)):
        found.setdefault(item.finding, item)
    place = {item.id: number for number, item in enumerate(engine.knowledge.findings)}
    asked = [item for item in found.values() if item.level == "screen"]
    rest = [item for item in found.values() if item.level != "screen"]
    return asked + sorted(rest, key=lambda item: (LEVELS.index(item.level), -item.weight, place[item.finding]))


def _for_screens(engine: Engine, inference: Inference) -> Iterator[Wanted]:
    """What the screens that are open still wait for, in their order."""
    recorder = Recorder(inference.case, inference.outcome.grade, engine.program)
    for screen in engine.knowledge.screens:
        rule = engine.knowledge.rule_by_id.get(f"{screen.pack}/{screen.open}")
        if rule is not None and rule.id in inference.outcome.fired:
            waiting = screen.ask or holding_unknowns(rule, engine.knowledge, lambda item: recorder.checked(item.when))
            for name in (name for name in waiting if name not in inference.case.values):
                yield Wanted(name, "screen", screen.id, conclusions={screen.open: None})


def levels_of(knowledge: KnowledgeBase) -> Mapping[str, Level]:
    """The level at which a conclusion counts; those that count at none are left out."""
    found: dict[str, Level] = {}
    for item in knowledge.declared:
        kind = knowledge.kind_by_id[item.kind]
        if item.id == URGENCY:
            found[item.id] = "disposition"
        elif kind.candidates or kind.headline:
            found[item.id] = "conclusion"
        elif kind.actionable:
            found[item.id] = "plan"
    return found


def _alone(engine: Engine, inference: Inference) -> Iterator[Wanted]:
    """Unknowns of which one answer alone changes something: every answer of every unknown is a lane of one pass."""
    cut, case = whole(engine), inference.case
    options = options_for(cut, case, [name for name in cut.plain_atoms if name not in case.values])
    count = len(options) + 1
    one = (1 << count) - 1
    grades = Lanes(cut, case, options).grades([1 << number for number in range(1, count)], one)
    by_level: dict[str, dict[Level, dict[str, None]]] = {}
    for conclusion, level in levels_of(engine.knowledge).items():
        changed = 0
        for grade in engine.knowledge.conclusion_by_id[conclusion].grades:
            plane = grades.at(conclusion, grade)
            changed |= plane ^ (one if plane & 1 else 0)
        for lane in bits(changed):
            by_level.setdefault(options[lane - 1].finding, {}).setdefault(level, {})[conclusion] = None
    for name, levels in by_level.items():
        level = min(levels, key=LEVELS.index)
        yield Wanted(name, level, None, len(levels[level]), levels[level])


def _nearer(engine: Engine, inference: Inference) -> Iterator[Wanted]:
    """Unknowns that the nearest rules for a main conclusion are missing."""
    recorder = Recorder(inference.case, inference.outcome.grade, engine.program)
    for conclusion, level in levels_of(engine.knowledge).items():
        if level != "conclusion" or conclusion in inference.outcome.grade:
            continue
        checks = (recorder.checked(rule.when) for rule in engine.knowledge.rules_for[conclusion])
        missing = [unmet_of(check) for check in checks if not check.holds]
        nearest = min((item.distance for item in missing), default=0)
        for item in (item for item in missing if item.distance == nearest):
            for leaf in unmet_leaves(item):
                if isinstance(leaf, FINDING_TESTS) and leaf.finding not in inference.case.values:
                    yield Wanted(leaf.finding, "nearer", None, 0, {conclusion: None})
