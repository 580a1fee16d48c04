"""Flags over time: what was raised stays raised; what closes it, and what does not; how it is said."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine.infer import Engine
from sijoint.engine.moments import MOST_MOMENTS, before_corrections, moments_of
from sijoint.explain.flags import FlagState

from sijoint import Assessment, CaseError, KnowledgeBase, assess, read_case

NUMB = {"as_of": "2026-11-20", "findings": {"saddle_numbness": True, "age_years": 40}}
NO_FLAG = "no flag among the answers given"


def case(*steps: dict[str, Any], **first: Any) -> dict[str, Any]:
    return {**NUMB, **first, "steps": list(steps)}


def on(day: int, **findings: Any) -> dict[str, Any]:
    return {"as_of": f"2026-11-{day:02}", "findings": findings}


def scan(day: str, **more: Any) -> dict[str, Any]:
    return {"value": True, "recorded_by": "Dr A", "recorded_on": day, "method": "MRI", **more}


def corrected(value: int | bool | None, **more: Any) -> dict[str, Any]:
    return {"value": value, "corrected": True, "recorded_by": "Dr B", "note": "ticked in the wrong row", **more}


def state(assessment: Assessment, flag: str = "cauda_equina") -> FlagState:
    (found,) = (item for item in assessment.flags if item.flag == flag)
    return found


@pytest.mark.parametrize(
    "steps",
    [
        [on(22, saddle_numbness=False)],
        [on(22, saddle_numbness=None)],
        [on(21, saddle_numbness=None), on(22, saddle_numbness=False)],
        [on(22, saddle_numbness=False), on(23, saddle_numbness=None), on(25, pain_course="improving")],
        [on(21), on(22, saddle_numbness=False), on(28, age_years=41)],
        [on(22, saddle_numbness=False, cauda_equina_workup_negative={"value": True, "recorded_on": "2026-11-22"})],
        [on(22, saddle_numbness=False, cauda_equina_workup_negative=scan("2026-11-18"))],
        [on(22, saddle_numbness=False, cauda_equina_workup_negative=scan("2026-11-22"))],
        [on(30, cauda_equina_workup_negative=False, saddle_numbness=False)],
    ],
)
def test_a_flag_stays_raised_when_its_answer_changes_or_goes(steps: list[dict[str, Any]]) -> None:
    assessment = assess(case(*steps))
    assert assessment.disposition == "emergency"
    assert state(assessment).state == "open"
    assert "treatment_on_hold" in assessment
    assert NO_FLAG not in str(assessment)
    assert "A changed answer closes nothing" in " ".join(str(assessment).split())


@pytest.mark.parametrize(
    "steps",
    [
        [on(28, cauda_equina_workup_negative=scan("2026-11-27"))],
        [on(22, saddle_numbness=False), on(28, cauda_equina_workup_negative=scan("2026-11-27"))],
        [on(28, cauda_equina_workup_negative={"value": True, "recorded_by": "Dr A"})],
        [on(28, cauda_equina_workup_negative=scan("2026-11-27")), on(29, saddle_numbness=False)],
    ],
)
def test_a_later_signed_and_dated_work_up_closes_it(steps: list[dict[str, Any]]) -> None:
    assessment = assess(case(*steps))
    assert state(assessment).state == "resolved"
    assert "suspected_cauda_equina" not in assessment
    first = str(assessment).partition("\n\n")[0]
    assert "Cauda equina flag (emergency), resolved" in first
    assert "recorded by Dr A" in " ".join(first.split())
    assert NO_FLAG not in str(assessment)


def test_a_symptom_that_comes_again_opens_it_again() -> None:
    seen = on(28, cauda_equina_workup_negative=scan("2026-11-27"))
    again = assess(case(seen, on(29, saddle_numbness=False), on(30, saddle_numbness=True)))
    assert again.disposition == "emergency"
    assert state(again).work_up is not None
    assert state(again).work_up.lacks == "not_later"  # type: ignore[union-attr]


def test_a_work_up_between_two_yes_closes_nothing() -> None:
    """The latest yes of any moment counts, although the answer is no today."""
    steps = [on(24, saddle_numbness=False), on(28, saddle_numbness=True), on(30, saddle_numbness=False)]
    steps[2]["findings"]["cauda_equina_workup_negative"] = scan("2026-11-25")
    assert assess(case(*steps)).disposition == "emergency"


def test_a_value_of_an_earlier_moment_counts_like_a_yes() -> None:
    retained = {"as_of": "2026-11-10", "findings": {"residual_urine_ml": 400}}
    empty = on(15, residual_urine_ml=20)
    before = on(20, cauda_equina_workup_negative=scan("2026-11-12"))
    after = on(20, cauda_equina_workup_negative=scan("2026-11-19"))
    assert assess({**retained, "steps": [empty]}).disposition == "emergency"
    assert (
        assess(
            {**retained, "steps": [on(11, residual_urine_ml=20), on(20, cauda_equina_workup_negative=scan("2026-11-09"))]}
        ).disposition
        == "emergency"
    )
    assert state(assess({**retained, "steps": [empty, before]})).state == "open"
    assert state(assess({**retained, "steps": [empty, after]})).state == "resolved"


def test_feeling_better_after_a_work_up_opens_nothing() -> None:
    worse = {"as_of": "2026-11-01", "findings": {"cancer_history": True, "pain_course": "worsening"}}
    looked = on(10, cancer_workup_negative=scan("2026-11-09"))
    assert state(assess({**worse, "steps": [looked, on(20, pain_course="improving")]}), "malignancy").state == "resolved"
    assert state(assess({**worse, "steps": [looked, on(20, pain_course="worsening")]}), "malignancy").state == "open"


# Corrections ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [False, None])
def test_a_correction_takes_the_answer_back_at_its_own_moment(value: bool | None) -> None:
    assessment = assess(case(on(22, saddle_numbness=corrected(value))))
    assert assessment.first_disposition == "not_determined"
    assert "suspected_cauda_equina" not in assessment
    found = state(assessment)
    assert (found.state, found.grade) == ("corrected", "emergency")
    first = " ".join(str(assessment).partition("\n\n")[0].split())
    assert "corrected" in first
    assert "Dr B" in first
    assert "ticked in the wrong row" in first
    assert "Is there new numbness" in first
    assert NO_FLAG not in str(assessment)


def test_a_correction_takes_back_one_answer_and_no_other() -> None:
    twice = case(on(21, saddle_numbness=True), on(22, saddle_numbness=corrected(False)))
    assert assess(twice).disposition == "emergency"
    other = case(on(22, saddle_numbness=corrected(False)), findings={**NUMB["findings"], "urinary_retention": True})
    assert assess(other).disposition == "emergency"
    both = case(on(21, saddle_numbness=True), on(22, saddle_numbness=corrected(False)), on(23, saddle_numbness=corrected(False)))
    assert "suspected_cauda_equina" not in assess(both)


def test_a_no_may_be_corrected_to_yes() -> None:
    assessment = assess(
        {"as_of": "2026-11-20", "findings": {"saddle_numbness": False}, "steps": [on(22, saddle_numbness=corrected(True))]}
    )
    assert (assessment.disposition, assessment.first_disposition) == ("emergency", "emergency")


def test_a_work_up_taken_back_opens_its_flag() -> None:
    seen = on(28, cauda_equina_workup_negative=scan("2026-11-27"))
    assert assess(case(seen, on(29, cauda_equina_workup_negative=corrected(False)))).disposition == "emergency"


@pytest.mark.parametrize(
    "raw",
    [
        case(on(22, saddle_numbness={"value": False, "corrected": True})),
        case(on(22, saddle_numbness=corrected(False, recorded_by=None))),
        case(on(22, saddle_numbness=corrected(False, note=None))),
        case(on(22, saddle_numbness=corrected(True))),
        case(on(22, new_bladder_trouble=corrected(False))),
        case(findings={"saddle_numbness": corrected(False)}),
    ],
)
def test_refuses_a_correction_without_who_or_why_or_anything_to_correct(raw: dict[str, Any]) -> None:
    with pytest.raises(CaseError) as caught:
        assess(raw)
    assert {problem.code for problem in caught.value.problems} == {"C011"}


def test_a_flag_that_stood_between_two_corrections_is_named() -> None:
    assessment = assess(
        case(
            on(21, saddle_numbness=corrected(True)), on(22, saddle_numbness=corrected(False)), findings={"saddle_numbness": False}
        )
    )
    found = state(assessment)
    assert (found.state, found.grade) == ("corrected", "emergency")
    assert [item.correction.value for item in found.corrections] == [True, False]
    assert NO_FLAG not in str(assessment)


def test_what_stood_between_corrections_is_looked_at_in_bounded_time(knowledge: KnowledgeBase) -> None:
    steps = [{"findings": {"saddle_numbness": corrected(number % 2 == 0)}} for number in range(200)]
    given = read_case({"findings": {"saddle_numbness": False}, "steps": steps}, knowledge)
    looked_at = [len(version.steps) + 1 for version in before_corrections(given)]
    assert len(looked_at) > 20
    assert sum(looked_at[1:]) <= MOST_MOMENTS


def test_who_corrects_a_work_up_does_not_sign_it() -> None:
    unsigned = {"value": False, "recorded_on": "2026-11-27"}
    seen = on(28, cauda_equina_workup_negative=unsigned)
    assessment = assess(case(seen, on(29, cauda_equina_workup_negative=corrected(True))))
    assert assessment.disposition == "emergency"
    assert "nobody is named who recorded it" in " ".join(str(assessment).split())


def test_a_withdrawal_may_be_corrected() -> None:
    assessment = assess(case(on(21, saddle_numbness=None), on(22, saddle_numbness=corrected(True))))
    assert assessment.case.values["saddle_numbness"] is True
    assert assessment.disposition == "emergency"


def test_a_corrected_number_is_named() -> None:
    assessment = assess(case(on(22, residual_urine_ml=corrected(20)), findings={"residual_urine_ml": 600}))
    assert "corrected to 20 ml" in " ".join(str(assessment).split())


def test_a_correction_that_leaves_the_flag_open_is_named() -> None:
    assessment = assess(case(on(21, saddle_numbness=True), on(22, saddle_numbness=corrected(False))))
    assert state(assessment).state == "open"
    assert "corrected to no" in " ".join(str(assessment).partition("\n\n")[0].split())


def test_an_answer_that_lapsed_is_named_as_it_was() -> None:
    assessment = assess(case(on(25, saddle_numbness=False), on(29)))
    assert "now answered no" in " ".join(str(assessment).split())


# Dates ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({"findings": {"saddle_numbness": {"value": True, "recorded_on": "2026-11-20"}}}, "/as_of"),
        ({"findings": {}, "steps": [{"as_of": "2026-11-20", "findings": {}}]}, "/as_of"),
        (
            {"as_of": "2026-11-20", "findings": {"cauda_equina_workup_negative": scan("2026-11-21")}},
            "/findings/cauda_equina_workup_negative/recorded_on",
        ),
        (
            {"as_of": "2026-11-20", "findings": {"cauda_equina_workup_negative": scan("2026-11-21T01:00+14:00")}},
            "/findings/cauda_equina_workup_negative/recorded_on",
        ),
        (
            case(on(22, cauda_equina_workup_negative=scan("2026-11-23"))),
            "/steps/0/findings/cauda_equina_workup_negative/recorded_on",
        ),
        (case(on(19, saddle_numbness=False)), "/steps/0/as_of"),
        (case(on(25), on(24)), "/steps/1/as_of"),
    ],
)
def test_refuses_dates_that_cannot_stand_together(raw: dict[str, Any], place: str) -> None:
    with pytest.raises(CaseError) as caught:
        assess(raw)
    assert [(problem.code, problem.pointer) for problem in caught.value.problems] == [("C008", place)]


def test_the_local_day_of_an_answer_counts_against_the_day_of_its_moment() -> None:
    late = {"value": True, "recorded_on": "2026-11-20T23:30:00-12:00"}
    assert assess({"as_of": "2026-11-20", "findings": {"saddle_numbness": late}}).disposition == "emergency"


# Answers that age -------------------------------------------------------------------------------------------------------------


def test_numbers_move_with_the_days_of_the_steps(knowledge: KnowledgeBase) -> None:
    findings = {"age_years": 17, "symptom_days": 5, "weeks_since_birth": 3, "days_since_fall": 3, "months_since_first_pain": 1}
    raw = {
        "as_of": "2026-01-05",
        "findings": findings,
        "steps": [{"as_of": "2026-12-20", "findings": {"pain_course": "unchanged"}}],
    }
    first, later = (moment.values for moment in moments_of(assess(raw, knowledge=knowledge).given, knowledge))
    assert {name: first[name] for name in findings} == findings
    moved = {"age_years": 17, "symptom_days": 354, "weeks_since_birth": 52, "days_since_fall": 352, "months_since_first_pain": 12}
    assert {name: later[name] for name in findings} == moved


def test_a_new_value_replaces_a_moved_one_and_moves_from_its_own_day(knowledge: KnowledgeBase) -> None:
    steps = [{"as_of": "2026-02-04", "findings": {"symptom_days": 10}}, {"as_of": "2026-02-09", "findings": {}}]
    raw = {"as_of": "2026-01-05", "findings": {"symptom_days": 5}, "steps": steps}
    values = [moment.values["symptom_days"] for moment in moments_of(assess(raw, knowledge=knowledge).given, knowledge)]
    assert values == [5, 10, 15]


def test_a_number_past_its_range_is_unknown_with_what_it_implies() -> None:
    raw = {"as_of": "2026-01-05", "findings": {"pregnant": True, "pregnancy_week": 38}}
    soon, late = ({**raw, "steps": [{"as_of": day, "findings": {}}]} for day in ("2026-02-23", "2026-03-09"))
    assert assess(soon).case.values == {"pregnant": True, "pregnancy_week": 45}
    assert assess(late).case.values == {}
    again = {**raw, "steps": [{"as_of": "2026-03-09", "findings": {"pregnant": True}}]}
    assert assess(again).case.values == {"pregnant": True}
    assert [item.finding for item in assess(late).document().lapsed] == ["pregnancy_week", "pregnant"]


def test_a_core_no_is_good_for_the_visit_and_a_yes_stays() -> None:
    raw = {"as_of": "2026-11-20", "findings": {"fever_or_chills": False, "cancer_history": True}}
    same, next_day = (
        {**raw, "steps": [{"as_of": day, "findings": {"low_back_pain": True}}]} for day in ("2026-11-20", "2026-11-21")
    )
    assert assess(same).case.values["fever_or_chills"] is False
    assert "fever_or_chills" not in assess(next_day).case.values
    assert assess(next_day).case.values["cancer_history"] is True


def test_other_answers_of_the_screen_are_good_for_some_weeks(knowledge: KnowledgeBase) -> None:
    days = knowledge.good_for["rash_in_painful_area"]
    raw = {"as_of": "2026-01-01", "findings": {"rash_in_painful_area": False}}
    kept, gone = ({**raw, "steps": [{"as_of": f"2026-01-{1 + more:02}", "findings": {}}]} for more in (days, days + 1))
    assert assess(kept).case.values == {"rash_in_painful_area": False}
    assert assess(gone).case.values == {}


def test_a_fall_that_was_recent_then_contradicts_nothing_later() -> None:
    raw = {"as_of": "2026-01-05", "findings": {"recent_fall": True, "days_since_fall": 3}}
    assert assess({**raw, "steps": [{"as_of": "2026-12-20", "findings": {}}]}).trace.contradictions == ()
    wrong = {"as_of": "2026-01-05", "findings": {"recent_fall": True, "days_since_fall": 900}}
    assert len(assess(wrong).trace.contradictions) == 1


# Random ---------------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(data=st.data())
def test_no_answer_of_a_later_moment_closes_a_flag(data: st.DataObject, knowledge: KnowledgeBase, engine: Engine) -> None:
    """Any answers but work-ups, at any later moments: what was raised is raised, and open."""
    work_ups = {flag.work_up for flag in knowledge.flags}
    asked = [
        item.id for item in knowledge.findings if item.type == "yes_no" and item.pack == "red_flags" and item.id not in work_ups
    ]
    answers = st.dictionaries(st.sampled_from(asked), st.sampled_from([True, False, None]), max_size=12)
    first = {name: value for name, value in data.draw(answers).items() if value is not None}
    days = sorted(data.draw(st.lists(st.integers(2, 28), max_size=3)))
    steps = [{"as_of": f"2026-02-{day:02}", "findings": data.draw(answers)} for day in days]
    inferences = assess({"as_of": "2026-01-01", "findings": first, "steps": steps}, engine=engine)._inferences
    for before, after in itertools.pairwise(inferences):
        for flag in knowledge.flags:
            if flag.open in before.outcome.grade:
                grades = knowledge.conclusion_by_id[flag.open].grades
                was, becomes = before.outcome.grade[flag.open], after.outcome.grade.get(flag.open)
                assert becomes is not None
                assert grades.index(becomes) >= grades.index(was)


def test_every_flag_that_holds_treatment_stays_raised(knowledge: KnowledgeBase) -> None:
    """What rests directly under a tier that holds treatment is the open side of a flag, or of the person's age."""
    resting = {
        leaf.conclusion
        for rule in knowledge.rules_for["treatment_on_hold"]
        for leaf in _leaves(rule.when)
        if getattr(leaf, "conclusion", None)
    }
    assert resting == {flag.open for flag in knowledge.flags}


def _leaves(condition: Any) -> list[Any]:
    return [leaf for member in condition.of for leaf in _leaves(member)] if hasattr(condition, "of") else [condition]


# Words ----------------------------------------------------------------------------------------------------------------------


def test_a_note_stands_beside_its_answer() -> None:
    told = {"value": False, "recorded_by": "front desk", "note": "patient rang: numb since this morning"}
    first = str(assess({"as_of": "2026-11-20", "findings": {"saddle_numbness": told}})).partition("\n\n")[0]
    assert "patient rang: numb since this morning" in " ".join(first.split())
    used = {"value": True, "note": "since yesterday"}
    assert "since yesterday" in str(assess({"as_of": "2026-11-20", "findings": {"saddle_numbness": used}}))


@pytest.mark.parametrize(
    ("work_up", "why"),
    [
        ({"value": True, "recorded_on": "2026-11-19"}, "nobody is named who recorded it"),
        ({"value": True, "recorded_by": "Dr A"}, "it has no date"),
        (scan("2026-11-19"), "it is not surely later than the answer to past or present cancer"),
    ],
)
def test_a_work_up_that_does_not_count_says_why(work_up: dict[str, Any], why: str) -> None:
    raw = {"as_of": "2026-11-20", "findings": {"cancer_history": True, "cancer_workup_negative": work_up}}
    first = " ".join(str(assess(raw)).partition("\n\n")[0].split())
    assert why in first


def test_the_cases_of_time_come_out_as_they_should(tmp_path: Path) -> None:
    """A symptom noted in one zone, and a scan stamped in another three hours before it."""
    numb = {"value": True, "recorded_by": "phone nurse", "recorded_on": "2026-11-22T23:00:00-05:00"}
    early, late = scan("2026-11-23T01:00:00+00:00"), scan("2026-11-23T05:00:00+00:00")
    for work_up, expected in ((early, "emergency"), (late, "not_determined")):
        raw = {"as_of": "2026-11-25", "findings": {"saddle_numbness": numb, "cauda_equina_workup_negative": work_up}}
        assert assess(raw).disposition == expected
