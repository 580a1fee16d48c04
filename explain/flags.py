"""Flags over time: every flag that any moment of a case raised, by what, and what has become of it.

In: an engine, the case as given and the inference of each moment. Out: `FlagState`s in the order of the knowledge. It only
reads what was inferred: whether a flag is open or resolved is what the rules say of the last moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict

from ..engine.atoms import answers_to, is_after
from ..engine.case import Amended, Case, Moment, Recorded, Value
from ..engine.infer import Engine, Inference
from ..engine.moments import before_corrections
from ..engine.trace import Recorder, holding_leaves
from ..engine.unshown import Unshown
from ..knowledge.conditions import FINDING_TESTS, Derived, Later, leaves
from ..knowledge.language import Flag, KnowledgeBase, Rule

FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

State = Literal["open", "resolved", "corrected"]
Lack = Literal["unsigned", "undated", "not_later"]


class Raising(Unshown):
    """An answer by which a flag was raised, as it stood then; `since` is how it stands now, where it was changed."""

    model_config = FROZEN
    finding: str
    value: Value | None
    recorded_on: datetime | date | None = None
    changed: bool = False
    since: Value | None = None


class WorkUp(Unshown):
    """The work-up of a flag as recorded; one that does not resolve it says what it `lacks`, and which answer it is not later
    than, with the day of that answer.
    """

    model_config = FROZEN
    finding: str
    recorded_by: str | None = None
    recorded_on: datetime | date | None = None
    method: str | None = None
    lacks: Lack | None = None
    not_later_than: str | None = None
    answered_on: datetime | date | None = None


class FlagState(Unshown):
    """A flag of a case: its strongest grade, the moment and day it was raised at that grade, by what, and its state now.

    Moments are counted from 0. `corrections` are those of the answers that raised it.
    """

    model_config = FROZEN
    flag: str
    grade: str
    state: State
    moment: int
    day: date | None = None
    by: tuple[Raising, ...]
    work_up: WorkUp | None = None
    corrections: tuple[Amended, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether there is nothing to say of it but that the answers as they stand raise it."""
        changed = any(item.changed for item in self.by) or bool(self.corrections)
        return self.state == "open" and self.work_up is None and not changed


def flags_of(engine: Engine, given: Case, inferences: Sequence[Inference]) -> tuple[FlagState, ...]:
    """Every flag that a moment of the case raised, or would have raised but for a correction."""
    before = [engine.infer_moments(case) for case in before_corrections(given)]
    found = (_state(engine, flag, inferences, before) for flag in engine.knowledge.flags)
    return tuple(item for item in found if item is not None)


def _state(engine: Engine, flag: Flag, now: Sequence[Inference], before: Sequence[Sequence[Inference]]) -> FlagState | None:
    """The flag as it stands, else as corrections took it away; None where no moment ever raised it."""
    version = next((item for item in (now, *before) if any(flag.raised in one.outcome.grade for one in item)), None)
    if version is None:
        return None
    last = now[-1]
    moment, grade = _strongest(engine, flag, version)
    by = tuple(_raising(engine, flag, grade, version[moment], last.case))
    state: State = "corrected" if version is not now else "resolved" if flag.open not in last.outcome.grade else "open"
    return FlagState(
        flag=flag.id,
        grade=grade,
        state=state,
        moment=moment,
        day=version[moment].case.as_of,
        by=by,
        work_up=None if state == "corrected" else _work_up(engine.knowledge, flag, last.case, state),
        corrections=_corrections(engine, flag, state, by, last.case, before),
    )


def _corrections(
    engine: Engine, flag: Flag, state: State, by: Sequence[Raising], now: Case, before: Sequence[Sequence[Inference]]
) -> tuple[Amended, ...]:
    """The corrections that bear on a flag: of what raises it, raised it before or works it up; all, where they closed it."""
    amended = now.amended if isinstance(now, Moment) else ()
    names = {flag.work_up, *(item.finding for item in by)}
    for version in before:
        if any(flag.raised in one.outcome.grade for one in version):
            moment, grade = _strongest(engine, flag, version)
            names |= {item.finding for item in _raising(engine, flag, grade, version[moment], now)}
    found = tuple(item for item in amended if item.correction.finding in names)
    return found or (amended if state == "corrected" else ())


def _strongest(engine: Engine, flag: Flag, inferences: Sequence[Inference]) -> tuple[int, str]:
    """The first moment at which answers raised a flag at its strongest grade, and that grade."""
    grades = engine.knowledge.conclusion_by_id[flag.raised].grades
    found = [(grades.index(grade), -number) for number, item in enumerate(inferences) for grade in _granted(engine, flag, item)]
    if not found:
        carried = dict(inferences[-1].case.earlier_grades)
        return len(inferences) - 1, carried.get(flag.raised, grades[0])
    rank, number = max(found)
    return -number, grades[rank]


def _granted(engine: Engine, flag: Flag, inference: Inference) -> Iterator[str]:
    """The grades that answers of one moment gave, those carried over from earlier moments left out."""
    for rule in _raising_rules(engine, flag, inference):
        yield from (part.grade for part in rule.then if part.conclusion == flag.raised)


def _raising_rules(engine: Engine, flag: Flag, inference: Inference) -> Iterator[Rule]:
    for rule in engine.knowledge.rules_for[flag.raised]:
        if rule.id in inference.outcome.fired and rule.id not in engine.knowledge.generated:
            yield rule


def _raising(engine: Engine, flag: Flag, grade: str, inference: Inference, now: Case) -> Iterator[Raising]:
    """The answers that raised a flag at a grade, each once, and whether they have changed since."""
    recorder = Recorder(inference.case, inference.outcome.grade, engine.program)
    lapsed = {item.finding: item for item in now.lapsed} if isinstance(now, Moment) else {}
    rules = [rule for rule in _raising_rules(engine, flag, inference) if any(part.grade == grade for part in rule.then)]
    for name in dict.fromkeys(name for rule in rules for name in _answers(engine, recorder, inference, rule)):
        then, today = inference.case.recorded.get(name), now.recorded.get(name) or lapsed.get(name)
        changed = (then and as_given(then)) != (today and as_given(today))
        yield Raising(
            finding=name,
            value=then.value if then else None,
            recorded_on=then.dated if then else None,
            changed=changed,
            since=today.value if today and changed else None,
        )


def as_given(item: Recorded) -> Value:
    """The value as it was given, before time moved it."""
    return item.value if item.moved_from is None else item.moved_from


def _answers(engine: Engine, recorder: Recorder, inference: Inference, rule: Rule) -> Iterator[str]:
    """The findings that a rule rests on, through the conclusions that it reads."""
    seen: set[str] = set()
    waiting = [rule]
    while waiting:
        for leaf in holding_leaves(recorder.checked(waiting.pop(0).when)):
            if isinstance(leaf, FINDING_TESTS):
                yield leaf.finding
            elif isinstance(leaf, Derived) and leaf.conclusion not in seen:
                seen.add(leaf.conclusion)
                fired = inference.outcome.fired
                waiting += [item for item in engine.knowledge.rules_for[leaf.conclusion] if item.id in fired]


def _work_up(knowledge: KnowledgeBase, flag: Flag, case: Case, state: State) -> WorkUp | None:
    """The work-up on record, and what it lacks where it does not resolve the flag."""
    item = case.recorded.get(flag.work_up)
    if item is None or item.value is not True:
        return None
    lacks, answer = (None, None) if state == "resolved" else _lack(knowledge, flag, case, item)
    return WorkUp(
        finding=flag.work_up,
        recorded_by=item.recorded_by,
        recorded_on=item.recorded_on,
        method=item.method,
        lacks=lacks,
        not_later_than=answer.finding if answer else None,
        answered_on=answer.dated if answer else None,
    )


def _lack(knowledge: KnowledgeBase, flag: Flag, case: Case, item: Recorded) -> tuple[Lack | None, Recorded | None]:
    if not item.recorded_by:
        return "unsigned", None
    if item.recorded_on is None:
        return "undated", None
    tests = (leaf for rule in knowledge.rules_for[flag.resolved] for leaf in leaves(rule.when) if isinstance(leaf, Later))
    for symptom in (symptom for test in tests if test.finding == flag.work_up for symptom in test.than):
        if answer := next((answer for answer in answers_to(symptom, case) if not is_after(item, answer)), None):
            return "not_later", answer
    return None, None
