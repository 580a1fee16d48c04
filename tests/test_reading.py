"""Values as people write them, whatever a program hands over, cases made by hand, files, and the published schema."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import yaml
from conftest import HERE
from fuzz.cases import Unspeakable, attempt
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sijoint.engine.case import Recorded, Step
from sijoint.engine.moments import moments_of
from sijoint.engine.plain import Plain
from sijoint.explain.schemas import schema_of
from sijoint.knowledge.files import UnreadableFileError, read_bounded
from sijoint.knowledge.scalars import plain_scalar
from sijoint.knowledge.yaml_reader import read_yaml

from sijoint import (
    Case,
    CaseError,
    Engine,
    KnowledgeBase,
    KnowledgeError,
    Session,
    assess,
    assess_many,
    load_knowledge,
    read_case,
)
from sijoint.interviewing import read_answer

CLINIC = load_knowledge(HERE / "packs" / "clinic")
DAYS = {"findings": {"days": 3}}


def refused(source: Any, knowledge: KnowledgeBase = CLINIC) -> CaseError:
    with pytest.raises(CaseError) as caught:
        read_case(source, knowledge)
    return caught.value


def in_yaml(text: str) -> Any:
    return read_yaml(f"value: {text}\n".encode(), "c.yaml", "C001", 1000)


# Numbers as people write them -------------------------------------------------------------------------------------------------

READ = {
    "072": 72, "0300": 300, "09": 9, "00": 0, "-072": -72, "+5": 5, "0": 0, "1e3": 1000.0, "1E3": 1000.0,
    "1.5e+2": 150.0, ".5": 0.5, "-.5": -0.5,
    "6.": 6.0, "007.50": 7.5, "yes": True, "Yes": True, "TRUE": True, "no": False, "False": False, "~": None,
    "null": None, "": None,
    "2026-01-05": date(2026, 1, 5), "2026-01-05T08:30:00": datetime(2026, 1, 5, 8, 30),
}  # fmt: skip
AS_TEXT = [
    "0o17",
    "0x1F",
    "0X1f",
    "0b11",
    "1_000",
    "1_0.5",
    "1:30",
    "190:20:30",
    "1:30.5",
    "6,5",
    "1,000",
    "on",
    "off",
    "On",
    "OFF",
    "y",
    "n",
    "Y",
    "N",
    "yEs",
    "2026-1-5",
    "1.2.3",
    "1e",
    "0x",
    "_1",
    "١٢",
    "５",
    "inf",
    "nan",
]


@pytest.mark.parametrize("text", READ)
def test_reads_decimal_numbers_answers_and_dates(text: str) -> None:
    value = in_yaml(text).value["value"]
    assert (value, type(value)) == (READ[text], type(READ[text]))


@pytest.mark.parametrize("text", AS_TEXT)
def test_what_is_no_decimal_number_stays_text(text: str) -> None:
    assert in_yaml(text).value == {"value": text}
    assert in_yaml(f'"{text}"').value == {"value": text}


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13-01", "9" * 401, "1e999", "1e-999", "2026-01-01T00:00+15:00", "2026-01-01T25:00"]
)
def test_a_number_or_date_that_is_none_is_refused_with_its_line(text: str) -> None:
    document = in_yaml(text)
    assert [(item.line, item.pointer) for item in document.problems] == [(1, "/value")]


@given(st.text(alphabet="0123456789+-._:eExXobOB,", max_size=8))
def test_a_scalar_is_its_decimal_value_or_no_number(text: str) -> None:
    """Never another number: what is read as one is what `Decimal` reads, without its underscores."""
    try:
        value = plain_scalar(text)
    except ValueError:
        return
    if isinstance(value, int | float) and text not in (".inf", ".nan"):
        assert "_" not in text
        assert float(Decimal(text)) == float(value)


@pytest.mark.parametrize(
    "text", ["0o17", "0x1F", "1_0", "1:30", "6,5", '"6,5"', '"12"', ".nan", "-.inf", "2026-1-5", "2026-01-05", "yes", "on"]
)
def test_a_number_finding_takes_decimal_numbers_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"findings:\n  days: {text}\n")
    (problem,) = refused(path).problems
    assert (problem.line, problem.pointer, problem.step) == (2, "/findings/days", None)


@pytest.mark.parametrize("text", ["y", "n", "on", "off", "On", "Y", '"yes"', '"no"', "1", "0", "ja"])
def test_a_yes_no_finding_takes_plain_yes_and_no_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"findings:\n  fever: {text}\n")
    (problem,) = refused(path).problems
    assert problem.line == 2
    assert "write yes, no or null without quotes; in JSON true, false or null, in Python True, False or None" in str(problem)


def test_a_comma_between_braces_says_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("findings: {days: 6,5}\n")
    assert "write a decimal point, not a comma" in str(refused(path))


def test_the_name_of_a_case_is_taken_as_written(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    for text in ("0123", "+7", "123", "1_000", "0x1F", "on"):
        path.write_text(f"case: {text}\nfindings: {{}}\n")
        assert read_case(path, CLINIC).case == text


@pytest.mark.parametrize("text", ["0x1F", "1:30", "0o17", "0b1", "on", "1_0", "yes", '"10"'])
def test_a_pack_reads_numbers_the_same_way(text: str, tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    shutil.copytree(HERE / "packs" / "clinic", folder)
    parameters = folder / "parameters.yaml"
    before = parameters.read_text()
    parameters.write_text(before.replace("value: 14", f"value: {text}"))
    with pytest.raises(KnowledgeError, match=r"parameters\.yaml:\d+: parameter .* value"):
        load_knowledge(folder)
    parameters.write_text(before.replace("value: 14", "value: 007"))
    assert load_knowledge(folder).parameters[0].value == 7


@pytest.mark.parametrize("text", ["on", "y", "1", '"yes"'])
def test_a_pack_takes_plain_yes_and_no_alone(text: str, tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    shutil.copytree(HERE / "packs" / "clinic", folder)
    with (folder / "findings.yaml").open("a") as stream:
        stream.write(f"- {{id: more, type: yes_no, fixed: {text}, obtained_by: history, source: [S1]}}\n")
    with pytest.raises(KnowledgeError, match=r"findings\.yaml:\d+: finding more: fixed"):
        load_knowledge(folder)


@pytest.mark.parametrize("typed", ["1_0", "١٢", "nan", "inf", "0x5", "6,5", "1:30", ""])
def test_an_answer_typed_in_the_interview_is_a_decimal_number(typed: str) -> None:
    assert read_answer(CLINIC.finding_by_id["days"], typed) is None


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
@pytest.mark.parametrize("text", ["[" * 2000, "{a: " * 2000, "- " * 200, "? " * 200, "[" * 40 + "]" * 40, "a: " + "[" * 31])
def test_deep_nesting_is_our_own_problem_whatever_reads(text: str, loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some versions of PyYAML refuse it themselves, others do not."""
    monkeypatch.setattr("sijoint.knowledge.yaml_reader._LOADER", loader)
    found = read_yaml(text.encode(), "c.yaml", "C001", 10_000).problems
    assert str(found[-1]) == "c.yaml:1: file: nested deeper than 30; the file cannot be read safely; flatten it. [C001]"


# Whatever a program hands over ------------------------------------------------------------------------------------------------


def test_what_means_the_same_is_accepted() -> None:
    numpy = pytest.importorskip("numpy")
    given = {"fever": numpy.bool_(True), "days": numpy.int64(3), "pain_side": numpy.str_("left")}
    case = read_case({"case": UUID(int=7), "findings": given, "steps": ({"findings": {"days": Decimal("4")}},)}, CLINIC)
    assert case.values == {"fever": True, "days": 3, "pain_side": "left"}
    assert [type(value) for _, value in sorted(case.values.items())] == [int, bool, str]
    assert case.case == str(UUID(int=7))
    assert moments_of(case, CLINIC)[-1].values["days"] == 4
    assert read_case({"findings": {"days": numpy.float32(5.0)}}, CLINIC).values == {"days": 5}


def test_missing_values_of_pandas_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, no_time = Unspeakable(), Unspeakable()
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(NA=missing, NaT=no_time))
    assert read_case({"findings": {"fever": missing, "days": {"value": 3, "recorded_on": no_time}}}, CLINIC).values == {"days": 3}


ODD: list[Any] = [
    Unspeakable(),
    object(),
    {1},
    b"x",
    1j,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("1e99999"),
    10**5000,
    range(2),
    SimpleNamespace(),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda item: type(item).__name__)
def test_anything_else_is_one_problem(odd: Any) -> None:
    for finding in ("fever", "days", "pain_side"):
        assert len(refused({"findings": {finding: odd}}).problems) == 1
    for part in ({"case": odd}, {"as_of": odd}, {"findings": odd}, {"steps": odd}, {"steps": [odd]}):
        assert refused(DAYS | part).problems


@pytest.mark.parametrize(
    "odd",
    [Unspeakable(), 10**5000, (1, 2), None, 1.5, float("nan"), "\ud800", b"x", frozenset()],
    ids=lambda key: type(key).__name__,
)
def test_a_key_of_any_kind_is_one_problem(odd: Any) -> None:
    for place in ({odd: 1}, {"findings": {odd: 1}}, {"findings": {"days": {"value": 3, odd: 1}}}, {"steps": [{odd: 1}]}):
        error = refused(place)
        assert len(error.problems) == 1
        assert str(error).encode()


def test_a_structure_that_holds_itself_is_refused() -> None:
    deep: dict[str, Any] = {"findings": {}}
    deep["findings"]["fever"] = deep
    assert refused(deep).problems
    items: list[Any] = []
    items.append(items)
    assert refused({"findings": {}, "steps": items}).problems
    assert Plain().value(items) != items


def test_at_most_a_hundred_problems_are_listed_and_the_rest_counted() -> None:
    error = refused({f"k{number}": 1 for number in range(1000)})
    assert (len(error.problems), error.more) == (100, 900)
    assert str(error).startswith("1000 problems in the case:")
    assert "  and 900 more" in str(error)


def test_a_problem_names_its_step_and_its_place() -> None:
    error = refused({"findings": {"a/b~": 1}, "steps": [{}, {"title": [], "findings": {"days": "x", "thrust": {"left": 1}}}]})
    assert {(item.item, item.pointer, item.step) for item in error.problems} == {
        ("a/b~", "/findings/a~1b~0", None),
        ("step 2, title", "/steps/1/title", 2),
        ("step 2, days", "/steps/1/findings/days", 2),
        ("step 2, thrust, left", "/steps/1/findings/thrust/left", 2),
    }


# Cases made by hand -----------------------------------------------------------------------------------------------------------


def recorded(**given: Any) -> Recorded:
    return Recorded.model_construct(
        **{"finding": "fever", "value": True, "recorded_by": None, "recorded_on": None, "method": None, "note": None} | given
    )


BY_HAND: dict[str, Case] = {
    "unknown": Case(findings=(Recorded(finding="fever", value="unknown"),)),
    "none": Case.model_construct(findings=(recorded(value=None),)),
    "unknown in a step": Case(steps=(Step(findings=(Recorded(finding="days", value="unknown"),)),)),
    "one for yes": Case(findings=(Recorded(finding="fever", value=1),)),
    "text for a number": Case(findings=(Recorded(finding="days", value="3"),)),
    "a wrong date": Case.model_construct(findings=(recorded(recorded_on="yesterday"),)),
    "an endless note": Case.model_construct(findings=(recorded(note="x" * 20_000),)),
    "no findings at all": Case.model_construct(findings=None),
    "other things": Case.model_construct(findings=(1, "fever")),
    "no finding": Case.model_construct(findings=(Recorded.model_construct(value=True),)),
    "steps of other things": Case.model_construct(steps=({"findings": {}}, 3)),
    "step of nothing": Case.model_construct(steps=(Step.model_construct(findings=3, withdrawn=None),)),
    "withdraws what is not declared": Case(steps=(Step(withdrawn=("feverr",)),)),
    "name": Case.model_construct(case=Unspeakable()),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_no_door_takes_a_case_made_by_hand_unread(name: str) -> None:
    case, engine = BY_HAND[name], Engine(CLINIC, ("compiled",))
    doors: tuple[Callable[[], Any], ...] = (
        lambda: assess(case, engine=engine),
        lambda: Session(case, engine=engine),
        lambda: list(assess_many([case], engine=engine)),
        lambda: read_case(case, CLINIC),
        lambda: what_if_of(engine, case),
    )
    for door in doors:
        with pytest.raises(CaseError):
            door()


def what_if_of(engine: Engine, case: Case) -> Any:
    from sijoint.explain.what_if import what_if

    return what_if(engine, case, {"days": 3})


def test_a_right_case_made_by_hand_is_the_case_read(knowledge: KnowledgeBase) -> None:
    made = Case(
        findings=(Recorded(finding="days", value=3.0), Recorded(finding="fever", value=True)), steps=(Step(withdrawn=("fever",)),)
    )
    raw = {"findings": {"days": 3, "fever": True}, "steps": [{"findings": {"fever": None}}]}
    assert read_case(made, CLINIC) == read_case(raw, CLINIC)
    answers = (Recorded(finding="pain_intensity", value="x"), Recorded(finding="saddle_numbness", value=True))
    with pytest.raises(CaseError, match="EMERGENCY among"):
        assess(Case(findings=answers), knowledge=knowledge)


# Files and texts --------------------------------------------------------------------------------------------------------------

PRIVATE = "Jane Roe"
TEXTS = [
    '{"case": "Jane Roe", "findings": {}}', "case: Jane Roe\nfindings: {}\n", "Jane Roe", "/etc/Jane Roe", "Jane Roe.txt", "",
    "[Jane Roe].json", "Jane Roe\n.yaml", "/no/Jane Roe/case.yaml", "Jane Roe.yaml", "\ud800.json", '{"Jane Roe.json',
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_no_case_and_is_not_repeated(text: str) -> None:
    error = refused(text)
    assert "Jane" not in str(error)
    assert "pathlib.Path" in str(error) or "cannot be read" in str(error)


def test_the_name_of_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("case.yaml", "case.YML", "a b.json"):
        Path(name).write_text('{"findings": {"days": 3}}')
        assert read_case(name, CLINIC).values == read_case(Path(name), CLINIC).values == {"days": 3}


@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_only_regular_files_are_opened(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read: not a regular file" in str(refused(tmp_path / name))
    assert "cannot be read: Is a directory" in str(refused(tmp_path / "folder.yaml"))
    assert "cannot be read: not a regular file" in str(refused(Path("/dev/zero")))
    (tmp_path / "link.yaml").symlink_to("link.yaml")
    assert "cannot be read" in str(refused(tmp_path / "link.yaml"))


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    assert "cannot be read: Permission denied" in str(refused(tmp_path / "c.yaml"))


def test_no_more_is_read_than_shows_that_it_is_too_much(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    with path.open("wb") as stream:
        stream.truncate(10**10)  # a file with a hole: ten gigabytes that take no room
    assert len(read_bounded(path, 1000)) == 1001
    assert "more than the 1000000 allowed" in str(refused(path))
    with pytest.raises(UnreadableFileError, match="No such file"):
        read_bounded(tmp_path / "missing", 10)


# The published schema ---------------------------------------------------------------------------------------------------------

VALIDATOR = Draft202012Validator(json.loads(schema_of("case")))
TEXT = st.sampled_from(["", " ", "a", "x" * 200, "x" * 201, "x" * 10_001, " a ", 7, -3, 10**18, True, None, 1.5, [], {}])
DAY = st.sampled_from(
    [None, "2026-03-01", "2026-03-01T08:00", "2026-03-01 08:00:00.5+01:00", "20260301", "2026-W10", "x", 3, "2026-3-1", [], True]
)
ONE = st.sampled_from([True, False, None, 3, 1.5, "left", "unknown", [], {}, [1]])
ENTRY = st.fixed_dictionaries(
    {"value": ONE}, optional={"recorded_by": TEXT, "recorded_on": DAY, "method": TEXT, "note": TEXT, "by": ONE}
)
SIDED = st.dictionaries(st.sampled_from(["left", "right", "top"]), ONE | ENTRY, max_size=2)
FINDINGS = st.dictionaries(st.sampled_from([*CLINIC.finding_by_id, "thrust"]), ONE | ENTRY | SIDED, max_size=2) | ONE
STEP = st.fixed_dictionaries({}, optional={"as_of": DAY, "title": TEXT, "findings": FINDINGS, "case": TEXT}) | ONE
DOCUMENTS = st.fixed_dictionaries(
    {}, optional={"schema": st.sampled_from(["sijoint.case/1", "x", None]), "case": TEXT, "as_of": DAY, "findings": FINDINGS,
                  "steps": st.lists(STEP, max_size=2) | st.just([{}] * 201) | ONE, "x": ONE}
)  # fmt: skip


@given(DOCUMENTS)
def test_the_schema_accepts_whatever_the_reader_accepts(raw: dict[str, Any]) -> None:
    """And what the reader refuses for its shape alone, the schema refuses too."""
    valid = VALIDATOR.is_valid(raw)
    try:
        read_case(raw, CLINIC)
    except CaseError as error:
        shape = [item for item in error.problems if item.code in {"C002", "C003"} or item.what == "no text, or too long"]
        assert not (shape and valid), [str(item) for item in shape]
    else:
        assert valid, raw


# Fuzzing ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(4))
def test_hostile_cases_are_cases_or_case_errors(part: int) -> None:
    for seed in range(100 * part, 100 * part + 100):
        attempt(random.Random(seed))


def test_the_fuzzer_sees_an_exception_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.cases._assessed", lambda _: 1 / 0)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        attempt(random.Random(1))
