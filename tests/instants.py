"""Time and tests by other words: what a date, a time and a test of an answer mean, without a line of the engine.

In: dates, times and answers. Out: truth values. A time without a zone is tried in every zone there is, a date at its first
and at its last moment in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from sijoint.engine.case import Case, Recorded
from sijoint.knowledge.conditions import Later, Symptom

ZONES = [timedelta(minutes=quarter) for quarter in range(-12 * 60, 14 * 60 + 1, 15)]
LAST = time(23, 59, 59, 999_999)


def instants_of(moment: date) -> Iterator[timedelta]:
    """Every instant that a date or time may mean at its ends, as time since the calendar began, in UTC."""
    days = timedelta(days=moment.toordinal())
    clocks = [moment.time()] if isinstance(moment, datetime) else [time.min, LAST]
    stated = moment.utcoffset() if isinstance(moment, datetime) else None
    for clock in clocks:
        passed = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
        yield from (days + passed - zone for zone in (ZONES if stated is None else [stated]))


def surely_later(one: date, other: date) -> bool:
    """Whether one is after the other, whatever either may mean."""
    return all(first > second for first in instants_of(one) for second in instants_of(other))


def counts(symptom: Symptom, answer: Recorded) -> bool:
    """Whether an answer is one that a work-up has to follow."""
    value, test = answer.value, symptom.test
    if test == "present":
        return value is True
    if test == "known":
        return True
    if test == "choice":
        return any(value == choice for choice in symptom.choices)
    bound = symptom.value
    order = (value > bound) - (value < bound)
    return order in {"over": [1], "at_least": [0, 1], "under": [-1], "at_most": [-1, 0], "exactly": [0]}[symptom.comparison]


def resolves(test: Later, case: Case, history: Sequence[Recorded]) -> bool:
    """Whether the work-up of a test is done, signed, dated, and surely later than every answer that counts."""
    done = [item for item in case.findings if item.finding == test.finding and item.value is True]
    done = [item for item in done if item.recorded_by and item.recorded_on]
    answers = [
        answer
        for answer in (*case.findings, *history)
        if any(symptom.finding == answer.finding and counts(symptom, answer) for symptom in test.than)
    ]
    days = [answer.recorded_on or answer.given_on for answer in answers]
    return bool(done) and all(day is not None and surely_later(done[0].recorded_on, day) for day in days)  # type: ignore[arg-type]


class Summer(tzinfo):
    """A zone an hour ahead of UTC that goes forward on the last Sunday of March and back on that of October, by the rule of
    the European Union; the hour that comes twice is told apart by `fold`.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1) + self.dst(moment)

    def dst(self, moment: datetime | None) -> timedelta:
        if moment is None:
            return timedelta()
        begins, ends = (_last_sunday(moment.year, month).replace(hour=hour) for month, hour in ((3, 2), (10, 3)))
        local = moment.replace(tzinfo=None, fold=0)
        twice = ends - timedelta(hours=1) <= local < ends
        summer = begins <= local < ends and not (twice and moment.fold)
        return timedelta(hours=summer)

    def tzname(self, moment: datetime | None) -> str:
        return "summer"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
