"""What is later than what: the atoms and the reference against a definition that shares nothing with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st
from instants import Summer, counts, resolves, surely_later
from sijoint.engine.atoms import decide, instants, is_after, is_later, passes
from sijoint.engine.case import Case, Moment, Recorded
from sijoint.engine.reference import Reference
from sijoint.knowledge.conditions import Later, Present
from sijoint.knowledge.language import KnowledgeBase
from strategies import knowledge_bases, moments, value_tests

OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NEAR = st.integers(-4 * 24 * 60, 4 * 24 * 60).map(lambda minutes: datetime(2026, 10, 25, 2, 30) + timedelta(minutes=minutes))
EDGES = st.sampled_from(
    [
        datetime(2026, 3, 29, 1, 59, 59),
        datetime(2026, 3, 29, 3),
        datetime(2026, 10, 25, 0),
        datetime(2026, 10, 25, 23, 59, 59, 999_999),
    ]
)
TIMES = st.one_of(
    NEAR, EDGES, NEAR.map(lambda moment: moment.replace(hour=0, minute=0)), NEAR.map(lambda moment: moment.replace(fold=1))
)
MOMENTS = st.one_of(
    TIMES.map(datetime.date),
    TIMES,
    st.builds(lambda moment, zone: moment.replace(tzinfo=zone), TIMES, st.one_of(OFFSETS, st.just(UTC), st.builds(Summer))),
    st.dates(),
    st.datetimes(timezones=st.one_of(st.none(), OFFSETS)),
)


def later_for(work_up: date, pain: date | None, **more: object) -> tuple[bool, bool]:
    """Whether a work-up is later than an answer, for the atoms and for the reference."""
    test = Later(finding="scan", than=(Present(finding="pain"),))
    scan = Recorded(finding="scan", value=True, recorded_by="Dr A", recorded_on=work_up)
    case = Case(findings=(Recorded(finding="pain", value=True, recorded_on=pain, **more), scan))
    return is_later(test, case), Reference(KnowledgeBase.model_construct(), case).is_later(test)


@given(MOMENTS, MOMENTS)
@example(datetime(2026, 11, 23, 1, tzinfo=UTC), datetime(2026, 11, 22, 23, tzinfo=timezone(timedelta(hours=-5))))
@example(date(2026, 3, 4), date(2026, 3, 1))
@example(date(2026, 3, 3), date(2026, 3, 1))
@example(date(1, 1, 1), date(9999, 12, 31))
@example(datetime(2026, 10, 25, 2, 30, tzinfo=Summer(), fold=1), datetime(2026, 10, 25, 2, 30, tzinfo=Summer()))
def test_later_is_what_every_reading_of_both_says(one: date, other: date) -> None:
    assert later_for(one, other) == (surely_later(one, other),) * 2


@given(MOMENTS, MOMENTS)
def test_nothing_is_later_than_itself_nor_both_ways(one: date, other: date) -> None:
    assert later_for(one, one) == (False, False)
    assert not (later_for(one, other)[0] and later_for(other, one)[0])


@given(MOMENTS)
def test_a_moment_may_mean_its_first_and_its_last_instant(moment: date) -> None:
    first, last = instants(moment)
    zoned = isinstance(moment, datetime) and moment.utcoffset() is not None
    assert (first == last) is zoned


@given(MOMENTS, st.dates())
def test_an_answer_without_a_day_of_its_own_has_that_of_its_moment(one: date, day: date) -> None:
    assert later_for(one, None, given_on=day) == (surely_later(one, day),) * 2
    assert later_for(one, None) == (False, False)


@given(st.data())
def test_every_test_of_the_language_means_the_same_to_three_definitions(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases(max_rules=4))
    case = data.draw(moments(knowledge))
    reference, history = Reference(knowledge, case), case.history if isinstance(case, Moment) else ()
    for test in (test for rule in knowledge.rules for test in value_tests(rule.when)):
        item = case.recorded.get(test.finding)
        assert decide(test, case) is reference.holds(test)
        if test.test not in ("absent", "unknown", "later"):
            assert passes(test, item.value if item else None) is (item is not None and counts(test, item))
    for test in (test for rule in knowledge.rules for test in _later_tests(rule.when)):
        assert is_later(test, case) is reference.is_later(test) is resolves(test, case, history)


def _later_tests(condition: object) -> list[Later]:
    if isinstance(condition, Later):
        return [condition]
    return [test for member in getattr(condition, "of", ()) for test in _later_tests(member)]


def test_an_answer_without_any_date_is_never_followed() -> None:
    scan = Recorded(finding="scan", value=True, recorded_by="Dr A", recorded_on=date(2026, 3, 1))
    assert not is_after(scan, Recorded(finding="pain", value=True))
