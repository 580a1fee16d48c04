"""Case -> moments: what a case comes to at first and after each step, corrections made, numbers moved, old answers lapsed.

In: a validated `Case` and the knowledge it was checked against. Out: one `Moment` for each visit, without steps; the last is
the one to act on. What is derived at a moment is not known here: the engine adds `earlier` while it infers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ..knowledge.errors import EngineError
from ..knowledge.language import Finding, KnowledgeBase
from .case import Amended, Case, Correction, Moment, Recorded, Value

MOST_MOMENTS = 400


@dataclass
class _Visit:
    """What one moment of a case gave: answers by finding, None for withdrawn."""

    as_of: date | None
    answers: dict[str, Recorded | None]
    corrections: Sequence[Correction] = ()


@dataclass
class _Standing:
    """The answers that stand while visits are taken in order, and those that were replaced or withdrawn."""

    answers: dict[str, Recorded] = field(default_factory=dict)
    history: list[Recorded] = field(default_factory=list)

    def take(self, visit: _Visit) -> None:
        """Let later answers replace earlier ones; a replaced yes or value is remembered, a replaced no is not."""
        for name, item in visit.answers.items():
            before = self.answers.pop(name, None)
            if before is not None and before.value is not False:
                self.history.append(before)
            if item is not None:
                self.answers[name] = item


def moments_of(case: Case, knowledge: KnowledgeBase) -> tuple[Moment, ...]:
    """The case as it stands at first and after each step.

    Raises:
        EngineError: a step corrects an answer that was never given; `read_case` refuses such a case.
    """
    if isinstance(case, Moment):
        return (case,)
    visits = _visits(case)
    return tuple(_standing(case, visits, _amend(visits), knowledge))


def uncorrected(case: Case) -> Case:
    """The case as it was first given, its corrections left out."""
    steps = tuple(step.model_copy(update={"corrections": ()}) for step in case.steps)
    return case.model_copy(update={"steps": steps})


def unfounded(case: Case) -> Iterator[tuple[int, str]]:
    """Each correction that finds nothing to correct: the number of its step, counted from 0, and its finding."""
    visits = _visits(case)
    for number, visit in enumerate(visits):
        for correction in visit.corrections:
            if _mistaken(visits, number, correction) is None:
                yield number - 1, correction.finding
            else:
                _correct(visits, number, correction)


def _visits(case: Case) -> list[_Visit]:
    found = [_Visit(case.as_of, {item.finding: _given(item, case.as_of) for item in case.findings})]
    for step in case.steps:
        as_of = step.as_of or found[-1].as_of
        answers: dict[str, Recorded | None] = {item.finding: _given(item, as_of) for item in step.findings}
        found.append(_Visit(as_of, answers | dict.fromkeys(step.withdrawn), step.corrections))
    return found


def _given(item: Recorded, as_of: date | None) -> Recorded:
    return item if as_of is None or item.given_on else item.model_copy(update={"given_on": as_of})


def _amend(visits: Sequence[_Visit]) -> tuple[Amended, ...]:
    """Carry out every correction at the moment of its mistake."""
    made = [_correct(visits, at, correction) for at, visit in enumerate(visits) for correction in visit.corrections]
    return tuple(made)


def _mistaken(visits: Sequence[_Visit], at: int, correction: Correction) -> int | None:
    """The latest moment before `at` that said something else than the correction; None where there is none."""
    for number in reversed(range(at)):
        answers = visits[number].answers
        if correction.finding in answers and not _alike(answers[correction.finding], correction.value):
            return number
    return None


def _alike(given: Recorded | None, corrected: Value | None) -> bool:
    value = given.value if given else None
    return value == corrected and type(value) is type(corrected)


def _correct(visits: Sequence[_Visit], at: int, correction: Correction) -> Amended:
    moment = _mistaken(visits, at, correction)
    if moment is None:
        raise EngineError(f"a correction of {correction.finding} finds nothing to correct; read the case with read_case")
    visit = visits[moment]
    first = visit.answers[correction.finding]
    visit.answers[correction.finding] = _right(first, correction, visit.as_of)
    return Amended(moment=moment, at=at, first=first, correction=correction)


def _right(first: Recorded | None, correction: Correction, as_of: date | None) -> Recorded | None:
    """The answer as it should have been; who corrects it does not sign what somebody else recorded."""
    if correction.value is None:
        return None
    said = {"value": correction.value, "note": correction.note, "corrected": True}
    return (first or Recorded(finding=correction.finding, value=correction.value, given_on=as_of)).model_copy(update=said)


def before_corrections(case: Case) -> Iterator[Case]:
    """The case as it was first given, and as it stood before each later step that corrects; of those the first few hundred
    moments, as they are as many as the steps squared.
    """
    correcting = [number for number, step in enumerate(case.steps) if step.corrections]
    if correcting:
        yield uncorrected(case)
    moments = 0
    for number in correcting[1:]:
        moments += number + 1
        if moments > MOST_MOMENTS:
            return
        yield case.model_copy(update={"steps": case.steps[:number]})


def _standing(case: Case, visits: Sequence[_Visit], amended: tuple[Amended, ...], knowledge: KnowledgeBase) -> Iterator[Moment]:
    standing = _Standing()
    for number, visit in enumerate(visits):
        standing.take(visit)
        now, lapsed = _aged(standing.answers, visit.as_of, knowledge)
        yield Moment.model_construct(
            case=case.case,
            as_of=visit.as_of,
            findings=tuple(now[key] for key in sorted(now)),
            steps=(),
            history=tuple(standing.history),
            lapsed=tuple(lapsed),
            earlier=(),
            amended=tuple(item for item in amended if item.at <= number),
        )


def _aged(
    answers: dict[str, Recorded], as_of: date | None, knowledge: KnowledgeBase
) -> tuple[dict[str, Recorded], list[Recorded]]:
    """The answers as they count on a day, and those that time made unknown."""
    if as_of is None or knowledge.ageing.isdisjoint(answers):
        return dict(answers), []
    now: dict[str, Recorded] = {}
    lapsed: dict[str, Recorded] = {}
    for name, item in answers.items():
        moved = _moved(item, knowledge.finding_by_id[name], as_of) if name in knowledge.ageing else item
        if moved is None or _too_old(item, as_of, knowledge):
            lapsed[name] = item
        else:
            now[name] = moved
    for name in _implied(lapsed, now, knowledge):
        lapsed[name] = now.pop(name)
    return now, [lapsed[key] for key in sorted(lapsed)]


def _moved(item: Recorded, finding: Finding, as_of: date) -> Recorded | None:
    """A number moved on by the time since its day; None past its range."""
    if finding.elapses is None or item.dated is None or isinstance(item.value, str):
        return item
    units = elapsed(day_of(item.dated), as_of, finding.elapses)
    if not units:
        return item
    value = item.value + units
    high = finding.range[1] if finding.range else value
    return item.model_copy(update={"value": value, "moved_from": item.value}) if value <= high else None


def on_the_day_of(case: Case, findings: Iterable[str], knowledge: KnowledgeBase) -> Case:
    """The case with the numbers among some findings as they stood on the day of the latest of their answers."""
    items = [case.recorded[name] for name in findings if name in case.recorded]
    moved = [item for item in items if item.moved_from is not None]
    days = [day_of(item.dated) for item in items if item.dated]
    if not moved or not days:
        return case
    given = [item.model_copy(update={"value": item.moved_from, "moved_from": None}) for item in moved]
    then = [_moved(item, knowledge.finding_by_id[item.finding], max(days)) for item in given]
    return case.with_findings([item for item in then if item is not None])


def _too_old(item: Recorded, as_of: date, knowledge: KnowledgeBase) -> bool:
    """Whether a no was given longer ago than it is good for."""
    days = knowledge.good_for.get(item.finding)
    return item.value is False and days is not None and item.dated is not None and (as_of - day_of(item.dated)).days > days


def _implied(lapsed: dict[str, Recorded], now: dict[str, Recorded], knowledge: KnowledgeBase) -> Iterable[str]:
    """What lapsed numbers imply and nobody has answered since."""
    found = []
    for name, item in lapsed.items():
        implied = knowledge.finding_by_id[name].implies
        other = now.get(implied) if implied else None
        if other is not None and other.dated and item.dated and day_of(other.dated) <= day_of(item.dated):
            found.append(other.finding)
    return found


def elapsed(since: date, until: date, unit: str) -> int:
    """Whole units of time from one day to another; 0 where it is not later.

    >>> elapsed(date(2026, 1, 31), date(2026, 3, 1), "months"), elapsed(date(2024, 2, 29), date(2025, 2, 28), "years")
    (1, 0)
    """
    days = max((until - since).days, 0)
    if unit in {"days", "weeks"}:
        return days if unit == "days" else days // 7
    months = (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)
    return max(months if unit == "months" else months // 12, 0)


def day_of(moment: date) -> date:
    """The moment's own local date."""
    return moment.date() if isinstance(moment, datetime) else moment


def lapsed_in(case: Case) -> tuple[Recorded, ...]:
    """The answers that time made unknown at this moment, as they were given."""
    return case.lapsed if isinstance(case, Moment) else ()
