"""A bad answer does not hide a good one: a refused case says first what its readable answers raise."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sijoint import CaseError, KnowledgeBase, Session, assess, assess_many, read_case
from sijoint.cli import app

FIRST = "EMERGENCY among the answers that could be read: possible cauda equina compression (emergency). Act on it first.\n"
NOTHING = "The answers that could be read raise no emergency or urgent flag; nothing may be concluded from that."
YES, BAD = {"saddle_numbness": True}, {"pain_intensity": "6,5"}


def refused(source: Any, knowledge: KnowledgeBase) -> CaseError:
    with pytest.raises(CaseError) as caught:
        assess(source, knowledge=knowledge)
    return caught.value


HIDING: dict[str, Any] = {
    "beside it": {"findings": YES | BAD},
    "in an earlier moment": {"findings": YES, "steps": [{"findings": {"saddle_numbness": False} | BAD}]},
    "in a later step": {"findings": BAD, "steps": [{"findings": YES}]},
    "before a step that is a word": {"findings": YES, "steps": ["later"]},
    "after a step that is a word": {"findings": {}, "steps": ["later", {"findings": YES}]},
    "withdrawn by an unreadable answer": {"findings": YES, "steps": [{"findings": {"saddle_numbness": "?"}}]},
    "beside an unknown key": {"findings": YES, "note": "x"},
    "under another schema": {"schema": "other", "findings": YES},
    "beside a bad date": {"as_of": "yesterday", "findings": YES},
    "quoted": {"findings": {"saddle_numbness": "Yes"}},
    "a number as text": {"findings": {"residual_urine_ml": "300"}},
    "among too many": {"findings": {f"f{number}": True for number in range(6_000)} | YES},
}


@pytest.mark.parametrize("name", HIDING)
def test_the_emergency_is_said_first(name: str, knowledge: KnowledgeBase) -> None:
    error = refused(HIDING[name], knowledge)
    assert str(error).startswith(FIRST)
    assert error.urgent_among_readable is not None
    assert error.urgent_among_readable.tier == "emergency"
    assert NOTHING not in str(error)


def test_a_work_up_whose_date_cannot_be_read_closes_nothing(knowledge: KnowledgeBase) -> None:
    cleared = {"value": True, "recorded_by": "Dr A", "method": "MRI", "recorded_on": "later"}
    told = {"saddle_numbness": {"value": True, "recorded_on": "2026-11-20"}, "cauda_equina_workup_negative": cleared}
    source = {"as_of": "2026-11-19", "findings": {}, "steps": [{"as_of": "2026-11-24", "findings": told}]}
    assert str(refused(source, knowledge)).startswith(FIRST)
    cleared["recorded_on"] = "2026-11-23"  # surely later than the symptom, wherever on earth each was written down
    assert str(refused(source | {"x": 1}, knowledge)).endswith(NOTHING)


S, M = "saddle_numbness", "cauda_equina_workup_negative"
NO, RIGHT = {S: False}, {"value": True, "corrected": True, "recorded_by": "Dr A", "note": "typo"}
UNSIGNED = {key: value for key, value in RIGHT.items() if key != "recorded_by"}
DONE = {"value": True, "recorded_by": "x", "recorded_on": "2026-11-29"}
EARLIER = {S: {"value": True, "recorded_on": "2026-11-22"}}
CORRECTED: dict[str, Any] = {
    "beside a bad key": {"findings": NO | {"bogus": 1}, "steps": [{"findings": {S: RIGHT}}]},
    "unsigned": {"findings": NO, "steps": [{"findings": {S: UNSIGNED}}]},
    "at the first moment": {"findings": {S: RIGHT}},
    "quoted": {"findings": NO, "steps": [{"findings": {S: RIGHT | {"value": "yes"}}}]},
    "of nothing": {"findings": {}, "steps": [{"findings": {S: RIGHT}}]},
    "of nothing, beside a sound one": {"findings": NO, "steps": [{"findings": {S: RIGHT, "age_years": RIGHT | {"value": 40}}}]},
    "and back to no": {"findings": YES | BAD, "steps": [{"findings": {S: RIGHT | {"value": False}}}]},
    "with a bad key of its own": {"findings": NO, "steps": [{"findings": {S: RIGHT | {"bogus": 1}}}]},
}
CLOSING: dict[str, Any] = {
    "in the future": {"as_of": "2026-11-22", "findings": YES | {M: DONE}},
    "in a step, in the future": {"as_of": "2026-11-22", "findings": YES, "steps": [{"findings": {M: DONE}}]},
    "with a bad key": {"as_of": "2026-11-30", "findings": EARLIER | {M: DONE | {"bogus": 1}}},
    "both with a bad key": {
        "as_of": "2026-11-30",
        "findings": {S: {"value": True, "recorded_on": "2026-11-22", "x": 1}, M: DONE | {"x": 1}},
    },
    "beside a bad day": {
        "as_of": "2026-11-30",
        "findings": {S: {"value": True, "recorded_on": "2026-11-22"}, M: DONE, "sex": {"value": "male", "recorded_on": "x"}},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CORRECTED)
def test_a_correction_of_a_refused_case_is_weighed(name: str, knowledge: KnowledgeBase) -> None:
    assert str(refused(CORRECTED[name], knowledge)).startswith(FIRST)


@pytest.mark.parametrize("name", CLOSING)
def test_a_refused_work_up_closes_nothing(name: str, knowledge: KnowledgeBase, tmp_path: Path) -> None:
    assert str(refused(CLOSING[name], knowledge)).startswith(FIRST)
    (answer,), _ = batch(tmp_path, json.dumps(CLOSING[name]).encode())
    assert answer["urgent_among_readable"]["tier"] == "emergency"


FILES = {
    "twice, yes first.yaml": "findings:\n  saddle_numbness: yes\n  saddle_numbness: no\n",
    "twice, no first.yaml": "findings:\n  saddle_numbness: no\n  saddle_numbness: yes\n",
    "two blocks.yaml": "findings: {one_sided_pain: yes}\nfindings: {saddle_numbness: yes}\n",
    "in an entry.yaml": "findings:\n  saddle_numbness: {value: no, value: yes}\n",
    "twice in a step.yaml": "findings: {}\nsteps:\n - findings: {saddle_numbness: no, saddle_numbness: yes}\n",
    "steps twice.yaml": "findings: {}\nsteps: [{findings: {}}]\nsteps: [{findings: {saddle_numbness: yes}}]\n",
    "corrected, and no.yaml": "findings: {saddle_numbness: no}\nsteps:\n - findings:\n    saddle_numbness: {value: yes, "
    "corrected: yes, recorded_by: a, note: typo}\n    saddle_numbness: {value: no}\n",
    "comma.yaml": "findings: {pain_intensity: 6,5, saddle_numbness: yes}\n",
    "no such day.yaml": "as_of: 2026-02-30\nfindings: {saddle_numbness: yes}\n",
    "a tag.yaml": 'findings: {pain_intensity: !!int "", saddle_numbness: yes}\n',
    "an alias.yaml": "findings: {pain_intensity: *a, saddle_numbness: yes}\n",
    "not ended.yaml": "findings:\n  saddle_numbness: yes\n  pain_intensity: {\n",
    "a second document.yaml": "findings: {saddle_numbness: yes}\n---\nfindings: {}\n",
    "in a second document.yaml": "findings: {saddle_numbness: no}\n---\nfindings: {saddle_numbness: yes}\n",
    "control.yaml": "case: \x07\nfindings: {saddle_numbness: yes}\n",
    "twice.json": '{"findings": {"saddle_numbness": false, "saddle_numbness": true}}',
    "two blocks.json": '{"findings": {"saddle_numbness": true}, "findings": {}}',
    "in a step.json": '{"findings": {}, "steps": [{"findings": {"saddle_numbness": false, "saddle_numbness": true}}]}',
    "mistyped.json": '{"findings": {"saddle_numbness": true, "pain_intensity": tru}}',
    "not ended.json": '{"findings": {"saddle_numbness": true',
    "long number.json": '{"findings": {"saddle_numbness": true, "pain_intensity": 1%s}}' % ("0" * 5000),
    "NaN.json": '{"findings": {"saddle_numbness": true, "pain_intensity": NaN}}',
    "deep.json": '{"findings": {"saddle_numbness": true}, "x": %s' % ("[" * 5000),
}


@pytest.mark.parametrize("name", FILES)
def test_the_emergency_of_a_file_is_said_first(name: str, tmp_path: Path, knowledge: KnowledgeBase) -> None:
    path = tmp_path / name
    path.write_text(FILES[name])
    assert str(refused(path, knowledge)).startswith(FIRST)


def test_bytes_that_are_no_text_hide_nothing(tmp_path: Path, knowledge: KnowledgeBase) -> None:
    for name, text in (("c.yaml", b"case: M\xfcller\nfindings: {saddle_numbness: yes}\n"),
                       ("c.json", b'{"case": "M\xfcller", "findings": {"saddle_numbness": true}}')):  # fmt: skip
        (tmp_path / name).write_bytes(text)
        assert str(refused(tmp_path / name, knowledge)).startswith(FIRST)


def test_two_answers_that_only_together_raise_a_flag_are_both_tried(tmp_path: Path, knowledge: KnowledgeBase) -> None:
    both = {"as_of": "2026-11-22", "findings": {"age_years": 70, "recent_fall": True, "pain_intensity": 3, "sex": "female"}}
    path = tmp_path / "c.json"
    path.write_text(json.dumps(both)[:-2] + ', "saddle_numbness": false, "one_sided_pain": false, "saddle_numbness": true, '
                    '"one_sided_pain": true, "pain_intensity": 9}}')  # fmt: skip
    assert str(refused(path, knowledge)).startswith(FIRST)


@pytest.mark.parametrize("source", [{"findings": BAD}, {"findings": "x"}, {"findings": {"saddle_numbness": False} | BAD}])
def test_where_nothing_is_raised_nothing_may_be_concluded(source: Any, knowledge: KnowledgeBase) -> None:
    error = refused(source, knowledge)
    assert str(error).endswith(NOTHING)
    assert error.urgent_among_readable is None


@pytest.mark.parametrize("source", [12, "no case", Path("/no/such/case.yaml")])
def test_where_nothing_could_be_read_nothing_is_said_of_answers(source: Any, knowledge: KnowledgeBase) -> None:
    error = refused(source, knowledge)
    assert str(error).endswith("[C001]")
    assert error.urgent_among_readable is None


def test_a_lesser_tier_is_not_called_urgent(knowledge: KnowledgeBase) -> None:
    tiers = {name: assess({"findings": {name: True}}, knowledge=knowledge).disposition
             for name, item in knowledge.finding_by_id.items() if item.type == "yes_no"}  # fmt: skip
    for tier, first in (("urgent", "URGENT among"), ("soon", "1 problem"), ("routine", "1 problem")):
        name = next((key for key, found in tiers.items() if found == tier), None)
        if name is not None:
            assert str(refused({"findings": {name: True} | BAD}, knowledge)).startswith(first), tier


def test_every_door_says_it(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(CaseError) as read:
        read_case({"findings": YES | BAD}, knowledge)
    with pytest.raises(CaseError) as told:
        Session(knowledge=knowledge).tell(YES | BAD)
    with pytest.raises(CaseError) as asked:
        assess({}, knowledge=knowledge).what_if(YES | BAD)
    with pytest.raises(CaseError) as many:
        next(assess_many([{"findings": YES | BAD}], knowledge=knowledge))
    assert [str(item.value).startswith(FIRST) for item in (read, told, asked, many)] == [True] * 4
    session = Session(knowledge=knowledge)
    session.tell(YES)
    with pytest.raises(CaseError) as caught:
        session.tell(BAD)
    assert str(caught.value).startswith(FIRST)  # what was told before counts too
    assert [problem.step for problem in caught.value.problems] == [None]


def test_the_error_holds_no_value_and_survives_pickling(knowledge: KnowledgeBase) -> None:
    error = refused({"case": "Jane Roe", "findings": YES | {"pain_intensity": {"value": "6,5", "note": "private"}}}, knowledge)
    assert error.case == "Jane Roe"
    assert not [word for word in ("Jane", "private", "6,5") if word in str(error) + repr(error)]
    assert error.readable == ()
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.urgent_among_readable, again.case) == (str(error), error.urgent_among_readable, "Jane Roe")


def test_commands_say_it_first(tmp_path: Path) -> None:
    path, good = tmp_path / "c.json", tmp_path / "good.json"
    path.write_text(json.dumps({"findings": YES | BAD}))
    good.write_text('{"findings": {}}')
    runner = CliRunner()
    for command in (["assess", str(path)], ["why", str(path), "disposition"], ["report", str(path)], ["ask", str(path)],
                    ["what-if", str(good), "saddle_numbness=yes", "pain_intensity=6,5"]):  # fmt: skip
        ran = runner.invoke(app, command)
        assert (ran.exit_code, ran.stdout) == (2, ""), command
        assert ran.stderr.startswith(FIRST), command


MISTYPED = [
    'saddle_numbness="yes',
    "saddle_numbness=[",
    "saddle_numbness=*a",
    "saddle_numbness=on",
    "saddle_numbness",
    "saddle_numbness=�",
    "pain_intensity=1:30",
    "pain_intensity=0x5",
    "pain_intensity=6,5",
    "pain_intensity=2026-02-30",
]


@pytest.mark.parametrize("change", MISTYPED)
def test_a_mistyped_question_is_not_answered(change: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("findings: {}\n")
    ran = CliRunner().invoke(app, ["what-if", str(path), change])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "[C00" in ran.stderr or ran.stderr == "change 1: write finding=value, each finding once\n"


# A batch ----------------------------------------------------------------------------------------------------------------------


def batch(tmp_path: Path, *lines: bytes, **given: Any) -> tuple[list[dict[str, Any]], Any]:
    (tmp_path / "cases.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    ran = CliRunner().invoke(app, ["batch", str(tmp_path / "cases.jsonl"), "--evaluator", "compiled"], **given)
    return [json.loads(line) for line in ran.stdout.splitlines()], ran


GOOD = b'{"case": "good", "findings": {"saddle_numbness": true}}'
HOSTILE = [
    b'{"findings": {"\\ud800": true}}',
    b'{"case": "\\udfff", "findings": {}}',
    b'{"findings": {"%s": true}}' % (b"9" * 5000),
    b'{"findings": {"days": %s}}' % (b"9" * 5000),
    b'{"findings": {"symptom_days": NaN}, "steps": Infinity}',
    b"[" * 100_000,
    b'{"findings": ' * 20_000,
    b"\xff\xfe{}",
    b"null",
    b"1",
    b'"text"',
    b"{",
    b'{"case": "' + b"x" * 3_000_000 + b'"}',
    b"\x00",
]


def test_no_line_ends_a_batch(tmp_path: Path) -> None:
    lines = [line for bad in HOSTILE for line in (bad, GOOD)]
    answers, ran = batch(tmp_path, *lines)
    assert ran.exit_code == 2, ran.exception
    assert [item["line"] for item in answers] == list(range(1, len(lines) + 1))
    assert all("problems" in item and item["problems"] for item in answers[::2])
    assert {item["disposition"] for item in answers[1::2]} == {"emergency"}


def test_a_refused_line_names_its_line_its_case_and_its_emergency(tmp_path: Path) -> None:
    answers, _ = batch(
        tmp_path, b'{"case": "p7", "findings": {"saddle_numbness": true, "x": 1}}', b'{"case": "p8", "findings": 1}'
    )
    assert [(item["line"], item["case"]) for item in answers] == [(1, "p7"), (2, "p8")]
    urgent = answers[0]["urgent_among_readable"]
    assert (urgent["tier"], urgent["flags"][0]["words"]) == ("emergency", "possible cauda equina compression (emergency)")
    assert answers[1]["urgent_among_readable"] is None


def test_two_cases_of_one_name_are_told(tmp_path: Path) -> None:
    answers, ran = batch(
        tmp_path,
        b'{"case": "a"}',
        b'{"findings": {}}',
        b'{"case": "a", "x": 1}',
        b'{"findings": {}}',
        b'{"case": 7}',
        b'{"case": "7"}',
    )
    assert [item.get("same_name_as_line") for item in answers] == [None, None, 1, None, None, 5]
    assert "line 3: the same case name as line 1" in ran.stderr
    assert "line 6: the same case name as line 5" in ran.stderr
    assert "line 4" not in ran.stderr


def test_a_disagreement_on_one_line_leaves_the_others_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sijoint.engine.infer import Engine
    from sijoint.knowledge.errors import EvaluatorDisagreement

    infer = Engine.infer

    def differing(self: Engine, case: Any, whole: Any = None) -> Any:
        if case.case == "odd":
            raise EvaluatorDisagreement({"a": 1, "b": 2}, "")
        return infer(self, case, whole)

    monkeypatch.setattr(Engine, "infer", differing)
    answers, ran = batch(tmp_path, b'{"case": "odd", "findings": {}}', GOOD)
    assert (answers[0]["line"], answers[0]["case"]) == (1, "odd")
    assert "disagree" in answers[0]["error"]
    assert answers[1]["disposition"] == "emergency"
    assert ran.exit_code == 1
    assert batch(tmp_path, b'{"case": "odd", "findings": {}}', b"x")[1].exit_code == 2


def test_a_batch_is_read_from_standard_input() -> None:
    ran = CliRunner().invoke(app, ["batch", "-", "--evaluator", "compiled"], input=GOOD)
    assert json.loads(ran.stdout)["disposition"] == "emergency"
