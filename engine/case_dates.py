"""The dates of a case and its corrections: what may stand together in time.

In: the visits of a case as read. Out: mistakes, each with its place. A case that holds any date names its day; nothing is
dated after the day of its moment, by its own local date; a correction names who and why, and finds something to correct.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .case import Case, Correction, Recorded, Step
from .moments import day_of, unfounded

Path = tuple[str | int, ...]
Mistake = tuple[Path, str, str]
"""Place, what is wrong, how to mend it."""


@dataclass(frozen=True)
class Visit:
    """One moment as read: its day, as given or carried on, and what it holds; `path` is where its findings stand."""

    path: Path
    as_of: date | None
    findings: Sequence[Recorded] = ()
    corrections: Sequence[Correction] = ()


def visits_of(as_of: date | None, findings: Sequence[Recorded], steps: Iterable[Step]) -> list[Visit]:
    """The visits of a case as read: each step with its own day, or that of the step before."""
    visits = [Visit(("findings",), as_of, findings)]
    for number, step in enumerate(steps):
        day = step.as_of or visits[-1].as_of
        visits.append(Visit(("steps", number, "findings"), day, step.findings, step.corrections))
    return visits


def date_mistakes(visits: Sequence[Visit]) -> Iterator[Mistake]:
    """Answers dated after the day of their moment, and dates in a case that does not name its day."""
    if visits and visits[0].as_of is None and any(_dates(visits)):
        yield ("as_of",), "no day, although answers or steps have dates", "write as_of: YYYY-MM-DD, the day of the first answers"
        return
    for visit in visits:
        answers: Iterable[Recorded | Correction] = (*visit.findings, *visit.corrections)
        for item in answers:
            if item.recorded_on and visit.as_of and day_of(item.recorded_on) > visit.as_of:
                place = (*visit.path, *item.finding.split("."), "recorded_on")
                yield place, "dated after the day of its moment", "correct recorded_on, or as_of of this moment"


def _dates(visits: Sequence[Visit]) -> Iterator[bool]:
    for visit in visits:
        yield visit.as_of is not None
        yield from (item.recorded_on is not None for item in visit.findings)
        yield from (item.recorded_on is not None for item in visit.corrections)


def correction_mistakes(case: Case) -> Iterator[Mistake]:
    """Corrections that find nothing to correct."""
    for number, finding in unfounded(case):
        what = "corrects an answer that no earlier moment gave, or that says the same"
        yield ("steps", number, "findings", *finding.split(".")), what, "leave corrected out: it is a new answer"
