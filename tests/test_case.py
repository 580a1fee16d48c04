"""Cases: what is accepted, and one error with every problem and its place for what is not."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from conftest import EXAMPLES, ROOT
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from sijoint.engine.atoms import decide
from sijoint.engine.case import Recorded
from sijoint.engine.moments import moments_of
from sijoint.explain.schemas import schema_of
from sijoint.knowledge.conditions import BRANCHES, Condition
from strategies import cases, knowledge_bases, mapping_of, values_of

from sijoint import Case, CaseError, Engine, KnowledgeBase, assess, load_knowledge, read_case

CLINIC = load_knowledge(Path(__file__).parent / "packs" / "clinic")


def read(findings: Any, **other: Any) -> Case:
    return read_case({"findings": findings, **other}, CLINIC)


def problems(source: Any) -> list[str]:
    with pytest.raises(CaseError) as caught:
        read_case(source, CLINIC)
    return [str(problem) for problem in caught.value.problems]


SPELLING = "check the spelling against the declared ids"
C002 = "findings in an unexpected place are not seen"
C003 = "what stands under it would be ignored"
C004 = "a misspelt red flag would count as not asked"
C005 = "it could be read in more than one way"
C006 = "it is most likely a typing error or another unit"
C007 = "it is unclear which counts"
C008 = "whether a work-up came after a symptom depends on dates"
YES_NO = "write yes, no or null without quotes; in JSON true, false or null, in Python True, False or None"
NUMBER = "write a number (days), without quotes, a comma or other signs, such as 6.5"
C011 = "a correction can take back a red flag"
SAME = "corrects an answer that no earlier moment gave, or that says the same"
C009 = "it is most likely more than one patient"


def mended(**entry: Any) -> dict[str, Any]:
    """A case in which a second visit corrects that there was fever."""
    fever = {"value": False, "corrected": True, "recorded_by": "Dr A", "note": "misheard"} | entry
    return {
        "findings": {"fever": True},
        "steps": [{"findings": {"fever": {name: fever[name] for name in fever if fever[name] is not None}}}],
    }


BAD = {
    "a correction by nobody": (
        mended(recorded_by=None),
        [f"case: step 1, fever: a correction without recorded_by; {C011}; write recorded_by: who corrects it. [C011]"],
    ),
    "a correction without a reason": (
        mended(note=None),
        [f"case: step 1, fever: a correction without note; {C011}; write note: why it was a mistake. [C011]"],
    ),
    "a correction that says the same": (
        mended(value=True),
        [f"case: step 1, fever: {SAME}; {C011}; leave corrected out: it is a new answer. [C011]"],
    ),
    "a correction of nothing": (
        mended() | {"findings": {}},
        [f"case: step 1, fever: {SAME}; {C011}; leave corrected out: it is a new answer. [C011]"],
    ),
    "a correction at first": (
        {"findings": {"fever": {"value": True, "corrected": True, "recorded_by": "A", "note": "b"}}},
        [
            f"case: fever: corrected at the first moment; {C011}; "
            "give the right answer; only a step corrects an earlier one. [C011]"
        ],
    ),
    "neither corrected nor not": (
        mended(corrected="maybe"),
        [f"case: step 1, fever, corrected: neither yes nor no; {C005}; write corrected: yes, or leave it out. [C005]"],
    ),
    "a date without a day": (
        {"findings": {"fever": {"value": True, "recorded_on": "2026-03-01"}}},
        [
            f"case: as_of: no day, although answers or steps have dates; {C008}; "
            "write as_of: YYYY-MM-DD, the day of the first answers. [C008]"
        ],
    ),
    "a date after its day": (
        {"as_of": "2026-03-01", "findings": {"fever": {"value": True, "recorded_on": "2026-03-02"}}},
        [
            f"case: fever, recorded_on: dated after the day of its moment; {C008}; "
            "correct recorded_on, or as_of of this moment. [C008]"
        ],
    ),
    "unknown finding, nearest name": (
        {"findings": {"feverr": True}},
        [f"case: feverr: unknown finding feverr; {C004}; did you mean fever? [C004]"],
    ),
    "unknown finding, none near": (
        {"findings": {"rain": True}},
        [f"case: rain: unknown finding rain; {C004}; check the spelling against the declared ids. [C004]"],
    ),
    "text for a yes/no": (
        {"findings": {"fever": "ja"}},
        [f"case: fever: neither yes nor no; {C005}; {YES_NO}. [C005]"],
    ),
    "one for a yes/no": (
        {"findings": {"fever": 1}},
        [f"case: fever: neither yes nor no; {C005}; {YES_NO}. [C005]"],
    ),
    "yes for a number": ({"findings": {"days": True}}, [f"case: days: not a number; {C005}; write a number (days). [C005]"]),
    "text for a number": ({"findings": {"days": "12"}}, [f"case: days: not a number; {C005}; {NUMBER}. [C005]"]),
    "above the range": ({"findings": {"days": 101}}, [f"case: days: out of range; {C006}; write 0 to 100 days. [C006]"]),
    "below the range": ({"findings": {"days": -1}}, [f"case: days: out of range; {C006}; write 0 to 100 days. [C006]"]),
    "not a number (NaN)": (
        {"findings": {"days": float("nan")}},
        [f"case: days: out of range; {C006}; write 0 to 100 days. [C006]"],
    ),
    "infinite": ({"findings": {"days": float("inf")}}, [f"case: days: out of range; {C006}; write 0 to 100 days. [C006]"]),
    "minus infinite": ({"findings": {"days": float("-inf")}}, [f"case: days: out of range; {C006}; write 0 to 100 days. [C006]"]),
    "huge": ({"findings": {"days": 10**400}}, [f"case: days: out of range; {C006}; write 0 to 100 days. [C006]"]),
    "a fraction of a whole number": (
        {"findings": {"days": 1.5}},
        [f"case: days: not a whole number; {C006}; write whole days. [C006]"],
    ),
    "no such choice": (
        {"findings": {"pain_side": "middle"}},
        [f"case: pain_side: not one of its choices; {C005}; choose one of left, right, both. [C005]"],
    ),
    "a list for a choice": (
        {"findings": {"pain_side": ["left"]}},
        [f"case: pain_side: not one of its choices; {C005}; choose one of left, right, both. [C005]"],
    ),
    "no side": (
        {"findings": {"thrust": True}},
        [f"case: thrust: given without a side; {C005}; write {{left: ..., right: ...}}. [C005]"],
    ),
    "no such side": (
        {"findings": {"thrust": {"top": True}}},
        [f"case: thrust: given without a side; {C005}; write {{left: ..., right: ...}}. [C005]"],
    ),
    "given twice": (
        {"findings": {"thrust": {"left": True}, "thrust.left": False}},
        [f"case: thrust.left: given twice; {C007}; keep one of the two values. [C007]"],
    ),
    "an entry without value": (
        {"findings": {"fever": {"note": "hot"}}},
        [f"case: fever: no value; {C005}; write value: .... [C005]"],
    ),
    "unknown key of an entry": (
        {"findings": {"fever": {"value": True, "by": "Dr A"}}},
        [f"case: fever, by: unknown key by; {C003}; {SPELLING}; findings go under 'findings:'. [C003]"],
    ),
    "a finding beside findings": (
        {"fever": True},
        [f"case: fever: unknown key fever; {C003}; {SPELLING}; findings go under 'findings:'. [C003]"],
    ),
    "another schema": (
        {"schema": "sijoint.case/2", "findings": {}},
        [f"case: schema: another schema; {C003}; write schema: sijoint.case/1 or leave it out. [C003]"],
    ),
    "a list of findings": (
        {"findings": ["fever"]},
        [f"case: findings: a list instead of a mapping; {C002}; write 'finding: value'. [C002]"],
    ),
    "no date": ({"as_of": "yesterday", "findings": {}}, [f"case: as_of: not a date; {C008}; write YYYY-MM-DD. [C008]"]),
    "a number as date": ({"as_of": 20260301, "findings": {}}, [f"case: as_of: not a date; {C008}; write YYYY-MM-DD. [C008]"]),
    "an empty name": (
        {"case": " ", "findings": {}},
        [f"case: case: no text, or too long; {C005}; write 1 to 200 characters. [C005]"],
    ),
    "half of a surrogate pair": (
        {"case": "\ud800", "findings": {"fever": {"value": True, "note": "\udfff"}}},
        [
            f"case: case: no text, or too long; {C005}; write 1 to 200 characters. [C005]",
            f"case: fever, note: no text, or too long; {C005}; write 1 to 10000 characters. [C005]",
        ],
    ),
    "a name of more digits than can be written": (
        {"case": 10**5000, "findings": {}},
        [f"case: case: no text, or too long; {C005}; write 1 to 200 characters. [C005]"],
    ),
    "steps that go back": (
        {"as_of": "2026-03-02", "findings": {}, "steps": [{"as_of": "2026-03-01", "findings": {}}]},
        [f"case: step 1, as_of: earlier than the step before; {C008}; order the steps. [C008]"],
    ),
    "a step that is a word": (
        {"findings": {}, "steps": ["later"]},
        [f"case: step 1: not a mapping; {C002}; write 'findings: {{...}}'. [C002]"],
    ),
    "too many findings": (
        {"findings": dict.fromkeys(map(str, range(5001)), True)},
        [f"case: findings: more than 5000 findings; {C009}; give the findings of one patient. [C009]"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refuses_a_mapping_with_the_whole_message(name: str) -> None:
    source, expected = BAD[name]
    assert problems(source) == expected


FILE = "there is nothing to assess"
UNSAFE = "the file cannot be read safely"
FILES: dict[str, tuple[str, bytes, list[str]]] = {
    "empty": ("c.yaml", b"", [f"c.yaml: case: empty; {C002}; write at least 'findings: {{}}' with the answers. [C002]"]),
    "only a remark": (
        "c.yaml",
        b"# nothing\n",
        [f"c.yaml: case: empty; {C002}; write at least 'findings: {{}}' with the answers. [C002]"],
    ),
    "a list": (
        "c.yaml",
        b"- fever\n",
        [f"c.yaml:1: case: a list instead of a mapping; {C002}; write 'findings: {{...}}'. [C002]"],
    ),
    "a word": ("c.yaml", b"fever\n", [f"c.yaml: case: a str instead of a mapping; {C002}; write 'findings: {{...}}'. [C002]"]),
    "a duplicate": (
        "c.yaml",
        b"findings:\n  fever: yes\n  fever: no\n",
        [f"c.yaml:3: fever: the key 'fever' twice; {UNSAFE}; keep one of them. [C001]"],
    ),
    "not UTF-8": ("c.yaml", b"case: M\xfcller\n", [f"c.yaml:1: file: not UTF-8 text; {UNSAFE}; save the file as UTF-8. [C001]"]),
    "not YAML": (
        "c.yaml",
        b"findings: {fever: yes\n",
        [f"c.yaml:2: file: not valid YAML: did not find expected ',' or '}}'; {UNSAFE}; write plain YAML 1.1. [C001]"],
    ),
    "an alias": (
        "c.yaml",
        b"findings: &a {fever: yes}\nsteps: [*a]\n",
        [f"c.yaml:1: findings: an anchor or alias; {UNSAFE}; write the value out; aliases are not allowed. [C001]"],
    ),
    "a text of 10 MB": (
        "c.yaml",
        b"case: " + b"x" * 10_000_000,
        [f"c.yaml: file: 1000001 bytes, more than the 1000000 allowed; {UNSAFE}; split or shorten the file. [C001]"],
    ),
    "nested deeply": ("c.yaml", b"[" * 100_000, [f"c.yaml:1: file: nested deeper than 30; {UNSAFE}; flatten it. [C001]"]),
    "NaN and infinite": (
        "c.yaml",
        b"findings:\n  days: .nan\nsteps:\n  - findings: {days: .inf}\n",
        [
            f"c.yaml:2: days: out of range; {C006}; write 0 to 100 days. [C006]",
            f"c.yaml:4: step 1, days: out of range; {C006}; write 0 to 100 days. [C006]",
        ],
    ),
    "everything at once": (
        "c.yaml",
        b"cas: one\nas_of: today\nfindings:\n  fevr: yes\n  days: 1000\n  pain_side: lft\n",
        [
            f"c.yaml:1: cas: unknown key cas; {C003}; did you mean case?; findings go under 'findings:'. [C003]",
            f"c.yaml:2: as_of: not a date; {C008}; write YYYY-MM-DD. [C008]",
            f"c.yaml:4: fevr: unknown finding fevr; {C004}; did you mean fever? [C004]",
            f"c.yaml:5: days: out of range; {C006}; write 0 to 100 days. [C006]",
            f"c.yaml:6: pain_side: not one of its choices; {C005}; choose one of left, right, both. [C005]",
        ],
    ),
    "JSON, a duplicate": (
        "c.json",
        b'{"findings": {"fever": true, "fever": false}}',
        ["c.json: fever: the key 'fever' twice; it is unclear which counts; keep one of them. [C007]"],
    ),
    "JSON, broken": (
        "c.json",
        b'{"findings":\n {"fever": tru}}',
        [f"c.json:2: file: not valid JSON; {FILE}; correct it. [C001]"],
    ),
    "JSON, nested deeply": ("c.json", b"[" * 100_000, [f"c.json: file: nested too deeply; {FILE}; flatten it. [C001]"]),
    "JSON, not UTF-8": (
        "c.json",
        b'{"case": "M\xfcller"}',
        [f"c.json: file: not UTF-8 text; {FILE}; save the file as UTF-8. [C001]"],
    ),
    "JSON, NaN": ("c.json", b'{"findings": {"days": NaN}}', [f"c.json: days: out of range; {C006}; write 0 to 100 days. [C006]"]),
    "JSON, 10 MB": (
        "c.json",
        b'{"case": "' + b"x" * 10_000_000 + b'"}',
        [f"c.json: file: more than the 1000000 bytes allowed; {FILE}; shorten the file. [C001]"],
    ),
    "JSON, a huge number": (
        "c.json",
        b'{"findings": {"days": 1' + b"0" * 5000 + b"}}",
        [f"c.json: days: not a number; {C005}; write a number (days). [C005]"],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_refuses_a_file_with_the_whole_message(name: str, tmp_path: Path) -> None:
    file, content, expected = FILES[name]
    path = tmp_path / file
    path.write_bytes(content)
    assert problems(path) == expected
    assert problems(str(path)) == expected


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("/no/such/case.yaml", "cannot be read: No such file or directory"),
        (Path("/"), "cannot be read: Is a directory"),
        (Path("a\0b.yaml"), "cannot be read: not a file name"),
        ("x" * 3000 + ".json", "cannot be read: File name too long"),
        ("a\0b.yaml", "a text that is not the name of a .yaml, .yml or .json file"),
        ("x" * 5000, "a text that is not the name of a .yaml, .yml or .json file"),
        (12, "a int instead of a mapping, a path or a Case"),
        (["fever"], "a list instead of a mapping, a path or a Case"),
        (None, "a NoneType instead of a mapping, a path or a Case"),
    ],
)
def test_refuses_what_is_no_case(source: Any, what: str) -> None:
    assert len(found := problems(source)) == 1
    assert what in found[0]
    assert found[0].endswith("[C001]")


def test_refuses_a_mapping_nested_without_end() -> None:
    deep: dict[str, Any] = {"fever": True}
    for _ in range(2000):
        deep = {"value": deep}
    assert problems({"findings": {"fever": deep}}) == [f"case: fever: neither yes nor no; {C005}; {YES_NO}. [C005]"]


def test_every_code_of_a_case_is_tested() -> None:
    messages = [line for _, lines in BAD.values() for line in lines] + [line for _, _, lines in FILES.values() for line in lines]
    source = "".join((ROOT / "engine" / name).read_text() for name in ("case_reader.py", "case_reading.py", "case_source.py"))
    assert {line[-5:-1] for line in messages} == set(re.findall(r'"(C\d{3})"', source))


def test_no_message_or_repr_repeats_a_value() -> None:
    secret = "a very private remark"
    found = problems({"findings": {"fever": secret, "days": 98765, "pain_side": {"value": secret}}, "as_of": secret})
    assert not [line for line in found if secret in line or "98765" in line]
    case = read({"days": 77, "fever": {"value": True, "note": secret}})
    assert "77" not in repr(case) + str(case) + repr(case.findings)
    assert secret not in repr(case) + str(case) + repr(case.findings)


def test_a_bad_case_is_one_error_with_all_its_problems_and_survives_pickling() -> None:
    with pytest.raises(CaseError) as caught:
        read({"feverr": True, "days": 1000})
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.problems == caught.value.problems
    assert len(error.problems) == 2
    assert str(error).startswith("2 problems in the case:\n  case: ")


def test_reads_every_way_to_write_a_value() -> None:
    findings = {
        "fever": True,
        "lifted": "unknown",
        "days": 3.0,
        "pain_side": "left",
        "thrust": {"left": False},
        "fever_cleared": None,
    }
    assert read(findings).values == {"fever": True, "days": 3, "pain_side": "left", "thrust.left": False}
    assert isinstance(read({"days": 3.0}).values["days"], int)
    assert read({"thrust": False}).values == {"thrust.left": False, "thrust.right": False}
    assert read({"thrust": None}).values == {}
    assert read(MappingProxyType({"days": 0})).values == {"days": 0}


def test_reads_who_when_and_how() -> None:
    entry = {"value": True, "recorded_by": "Dr A", "recorded_on": "2026-03-02T08:30", "method": "by telephone", "note": "hot"}
    recorded = read_case({"as_of": "2026-03-02", "findings": {"fever": entry}}, CLINIC).recorded["fever"]
    assert (recorded.recorded_by, recorded.recorded_on) == ("Dr A", datetime(2026, 3, 2, 8, 30))
    assert (recorded.method, recorded.note) == ("by telephone", "hot")


def test_yaml_json_mapping_and_model_are_one_case(tmp_path: Path) -> None:
    raw = {"case": "one", "as_of": "2026-03-01", "findings": {"fever": True, "days": 3, "thrust": {"right": True}}}
    case = read_case(raw, CLINIC)
    (tmp_path / "c.json").write_text(json.dumps(raw))
    (tmp_path / "c.yaml").write_text("case: one\nas_of: 2026-03-01\nfindings:\n  days: 3\n  thrust: {right: yes}\n  fever: yes\n")
    assert read_case(tmp_path / "c.json", CLINIC) == read_case(tmp_path / "c.yaml", CLINIC) == read_case(case, CLINIC) == case
    assert Case.model_validate_json(case.model_dump_json()) == case


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbffindings: {fever: yes}\n")
    assert read_case(tmp_path / "c.yaml", CLINIC).values == {"fever": True}


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((Recorded(finding="nothing", value=True),), "C004"),
        ((Recorded(finding="days", value=1000),), "C006"),
        ((Recorded(finding="fever", value=1),), "C005"),
        ((Recorded(finding="lifted", value=True), Recorded(finding="fever", value=True)), "C007"),
        ((Recorded(finding="fever", value=True), Recorded(finding="fever", value=True)), "C007"),
    ],
)
def test_checks_a_case_made_by_hand(findings: tuple[Recorded, ...], code: str) -> None:
    with pytest.raises(CaseError) as caught:
        read_case(Case(findings=findings), CLINIC)
    assert {problem.code for problem in caught.value.problems} == {code}


def test_nothing_is_assessed_where_one_answer_is_wrong(knowledge: KnowledgeBase) -> None:
    with pytest.raises(CaseError):
        assess({"findings": {"saddle_numbness": True, "symptom_days": -1}}, knowledge=knowledge)


# Steps -----------------------------------------------------------------------------------------------------------------------


def stepped(*steps: Mapping[str, Any], **first: Any) -> tuple[Case, ...]:
    return moments_of(read_case({"as_of": "2026-03-01", "findings": first, "steps": list(steps)}, CLINIC), CLINIC)


def test_steps_replace_record_and_withdraw() -> None:
    moments = stepped(
        {"as_of": "2026-03-05", "findings": {"days": 9, "lifted": None}}, {"findings": {"fever": False}}, lifted=True, days=5
    )
    assert [dict(moment.values) for moment in moments] == [{"lifted": True, "days": 5}, {"days": 9}, {"days": 9, "fever": False}]
    assert [moment.as_of for moment in moments] == [date(2026, 3, 1), date(2026, 3, 5), date(2026, 3, 5)]


def test_a_value_of_a_dated_step_was_recorded_on_that_day() -> None:
    moments = stepped({"as_of": "2026-03-05", "findings": {"fever_cleared": {"value": True, "recorded_by": "Dr A"}}}, fever=True)
    assert moments[-1].recorded["fever_cleared"].recorded_on == date(2026, 3, 5)
    assert moments[-1].recorded["fever"].recorded_on is None


# Contradictions ---------------------------------------------------------------------------------------------------------------


def test_contradictory_answers_are_assessed_and_shown() -> None:
    assessment = assess({"findings": {"thrust": {"left": True}, "pain_side": "right", "lifted": True}}, knowledge=CLINIC)
    assert [(item.constraint, item.findings) for item in assessment.trace.contradictions] == [
        ("one_side_only", ("thrust.left", "pain_side"))
    ]
    assert assessment["strain"].grade == "possible"
    assert str(assessment).startswith("Contradiction")


def test_no_contradiction_where_an_answer_is_unknown() -> None:
    assert assess({"findings": {"thrust": {"left": True}}}, knowledge=CLINIC).trace.contradictions == ()


def test_contradictions_that_bear_on_the_urgency_come_first(knowledge: KnowledgeBase) -> None:
    path = next(path for path in EXAMPLES if path.stem == "contradictory-answers")
    urgent = [item.urgent for item in assess(path, knowledge=knowledge).trace.contradictions]
    assert urgent == sorted(urgent, reverse=True)
    assert len(urgent) > 1


def meeting(test: Condition, knowledge: KnowledgeBase) -> dict[str, Any]:
    """An answer that meets a test of one finding."""
    if isinstance(test, BRANCHES):
        return {key: value for member in test.of for key, value in meeting(member, knowledge).items()}
    values = values_of(knowledge.finding_by_id[test.finding], knowledge)
    made = (Case(findings=(Recorded(finding=test.finding, value=value),)) for value in values)
    return dict(next(case for case in made if decide(test, case)).values)


def test_where_answers_contradict_one_another_the_dangerous_reading_is_kept(knowledge: KnowledgeBase, engine: Engine) -> None:
    tiers = (None, *knowledge.conclusion_by_id["disposition"].grades)

    def tier(findings: dict[str, Any]) -> int:
        case = read_case({"findings": findings}, knowledge)
        return tiers.index(engine.infer(case).outcome.grade.get("disposition"))

    for constraint in knowledge.constraints:
        answers = [meeting(test, knowledge) for test in constraint.never]
        together = {key: value for answer in answers for key, value in answer.items()}
        assert tier(together) >= max(map(tier, answers)), constraint.id
        trace = engine.trace(engine.infer(read_case({"findings": together}, knowledge)))
        assert constraint.id in {item.constraint for item in trace.contradictions}


# Random cases -----------------------------------------------------------------------------------------------------------------


@given(st.data())
def test_a_case_written_out_is_read_back(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    case = data.draw(cases(knowledge))
    assert read_case(mapping_of(case), knowledge) == case


VALIDATOR = Draft202012Validator(json.loads(schema_of("case")), format_checker=FormatChecker())


@given(st.data())
def test_random_cases_with_steps_meet_the_published_schema(data: st.DataObject) -> None:
    case = data.draw(cases(CLINIC, steps=True))
    raw = json.loads(json.dumps(mapping_of(case), default=lambda day: day.isoformat()))
    assert [error.message for error in VALIDATOR.iter_errors(raw)] == []
    assert read_case(raw, CLINIC) == case


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_cases_are_in_order(path: Path, knowledge: KnowledgeBase) -> None:
    assert read_case(path, knowledge).findings


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.binary(max_size=4),
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(st.sampled_from([*CLINIC.finding_by_id, "value", "left", "thrust", 3]), parts, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["case", "schema", "as_of", "findings", "steps", "other", 1]), ANYTHING, max_size=5))
def test_hostile_input_is_a_case_or_a_case_error(raw: dict[Any, Any]) -> None:
    """Never another exception, and what is accepted is a valid case."""
    with suppress(CaseError):
        case = read_case(raw, CLINIC)
        assert read_case(case, CLINIC) == case


@given(st.binary(max_size=300))
def test_hostile_bytes_are_a_case_or_a_case_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("hostile.yaml", "hostile.json"):
        (folder / name).write_bytes(content)
        with suppress(CaseError):
            read_case(folder / name, CLINIC)
