"""Nothing that a caller can reach can be changed: the whole public surface is walked, and each part of it is tried."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from conftest import EXAMPLES
from pydantic import BaseModel
from sijoint.knowledge.frozen import FrozenDict

from sijoint import Assessment, Engine, KnowledgeBase, Session, assess, assess_columns, load_knowledge, read_case

PLAIN = (str, bytes, int, float, complex, bool, type(None), date, Enum, type, range)
NEVER_ASKED = ("__", "model_", "_")
"""Names that are no attribute of the value: pydantic's own, and private ones."""
MOST_OF_A_KIND = 40
"""Of equal containers only the first items are followed: rules differ in their parts, not in their kind."""


def attributes(value: object) -> Iterator[tuple[str, object]]:
    """Every public attribute that is no method, with its value."""
    for name in sorted(set(dir(type(value))) | set(getattr(value, "__dict__", ()))):
        if name.startswith(NEVER_ASKED) or (isinstance(value, BaseModel) and hasattr(BaseModel, name)):
            continue
        found = getattr(value, name)
        if not callable(found):
            yield name, found


def walk(value: object, path: str, seen: dict[int, object], kinds: dict[tuple[str, type], int]) -> Iterator[tuple[str, object]]:
    """Everything that can be reached, each once, with the path to it."""
    if isinstance(value, PLAIN) or id(value) in seen:
        return
    seen[id(value)] = value
    yield path, value
    if isinstance(value, memoryview):
        inside = []
    elif isinstance(value, Mapping):
        inside = [(f"{path}[{key!r}]", item) for key, item in value.items()]
    elif isinstance(value, tuple | list | frozenset | set):
        inside = [(f"{path}[{number}]", item) for number, item in enumerate(value)]
    else:
        inside = [(f"{path}.{name}", item) for name, item in attributes(value)]
    for name, item in inside:
        place = (name.rpartition("[")[0] or name, type(item))
        kinds[place] = kinds.get(place, 0) + 1
        if kinds[place] <= MOST_OF_A_KIND:
            yield from walk(item, name, seen, kinds)


def changeable(path: str, value: Any, owner: Any) -> str | None:
    """How a value was changed, None where every attempt is refused."""
    if isinstance(value, Mapping):
        return refused(path, lambda: value.__setitem__("planted", 1), lambda: value.clear(), lambda: value.update(planted=1))
    if isinstance(value, tuple | frozenset):
        return None
    if isinstance(value, list | set | bytearray):
        return f"{path} is a {type(value).__name__}"
    if isinstance(value, memoryview):
        return None if value.readonly else f"{path} can be written to"
    names = [name for name, _ in attributes(value)] + ["planted"]
    for name in names:
        if found := refused(
            f"{path}.{name}", lambda name=name: setattr(value, name, "planted"), lambda name=name: delattr(value, name)
        ):
            return found
    return None


def refused(path: str, *attempts: Any) -> str | None:
    for attempt in attempts:
        try:
            attempt()
        except (TypeError, AttributeError, ValueError):
            continue
        return f"{path} was changed"
    return None


def fresh(value: object, path: str, root: object) -> bool:
    """Whether a value is made anew each time it is read, so that changing it changes nothing else."""
    try:
        again = eval(path, {"root": root})
    except Exception:  # noqa: BLE001 - a path through a set
        return False
    return again is not value


def mutable_parts(root: object) -> list[str]:
    seen: dict[int, object] = {}
    found = []
    for path, value in [*walk(root, "root", seen, {})]:
        if fresh(value, path, root):
            continue
        if how := changeable(path, value, root):
            found.append(how)
    return found


@pytest.fixture
def assessment() -> Assessment:
    found = assess(EXAMPLES[0])
    str(found), found.to_json()
    return found


def test_an_assessment_and_all_that_it_reaches_cannot_be_changed(assessment: Assessment) -> None:
    before = assessment.to_json()
    assert mutable_parts(assessment) == []
    assert assessment.to_json() == before


@pytest.mark.parametrize("name", ["trace", "document()", "why('si_joint_presentation')", "next_questions()", "arguments()"])
def test_what_an_assessment_answers_cannot_be_changed(name: str, assessment: Assessment) -> None:
    assert mutable_parts(eval(f"it.{name}", {"it": assessment})) == []


@pytest.mark.parametrize("cases", [False, True])
def test_a_knowledge_base_cannot_be_changed(cases: bool) -> None:
    knowledge = load_knowledge(cases=cases)
    before = knowledge.model_dump_json()
    assert mutable_parts(knowledge) == []
    assert knowledge.model_dump_json() == before


def test_a_case_cannot_be_changed() -> None:
    case = read_case(
        {"findings": {"saddle_numbness": True}, "steps": [{"findings": {"fever_or_chills": True}}]}, load_knowledge()
    )
    assert mutable_parts(case) == []
    assert assess(case).disposition == "emergency"


def test_an_engine_cannot_be_changed() -> None:
    assert mutable_parts(assess({}).engine) == []


def test_a_batch_cannot_be_changed() -> None:
    batch = assess_columns({"saddle_numbness": [True, False, None]})
    assert mutable_parts(batch) == []
    assert batch.outcome(0) == assess({"findings": {"saddle_numbness": True}}).inference.outcome


def test_the_answers_of_the_trial_stand() -> None:
    """The two changes that once turned an emergency into no answer."""
    assessment = assess({"findings": {"saddle_numbness": True}})
    with pytest.raises((TypeError, AttributeError)):
        assessment.grades.pop("disposition")  # type: ignore[attr-defined]
    case = read_case({"findings": {"saddle_numbness": True}}, load_knowledge())
    with pytest.raises(TypeError):
        case.values["saddle_numbness"] = False  # type: ignore[index]
    assert assessment.disposition == assess(case).disposition == "emergency"


def test_the_walk_sees_a_new_mutable_part() -> None:
    class Holder:
        """Something that can be changed in every way."""

        def __init__(self, part: object) -> None:
            self.part = part

    for part in ([1], {1: 2}, {1}, bytearray(b"x"), memoryview(bytearray(b"x")), (({},),), FrozenDict(a=[])):
        assert len(mutable_parts(FrozenDict(held=part))) == 1, part
    assert mutable_parts(MappingProxyType({"held": Holder(1)})) == ["root['held'].part was changed"]
    assert mutable_parts((FrozenDict(a=(1, "x")), frozenset({1}))) == []


# Copies -------------------------------------------------------------------------------------------------------


def values() -> dict[str, Any]:
    assessment = assess(EXAMPLES[0])
    assessment.to_json()
    return {
        "knowledge": load_knowledge(cases=False),
        "case": assessment.case,
        "document": assessment.document(),
        "trace": assessment.trace,
        "program": assessment.engine.program,
    }


@pytest.mark.parametrize("name", ["knowledge", "case", "document", "trace", "program"])
def test_pickles_and_copies_are_equal_and_hold_nothing_computed(name: str) -> None:
    value = values()[name]
    [*attributes(value)]  # compute what is computed on first use
    for again in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert again == value
        assert again is not value


def test_engine_and_assessment_are_pickled_as_what_they_are_made_from() -> None:
    assessment = assess(EXAMPLES[0])
    again = pickle.loads(pickle.dumps(assessment))
    assert again.to_json() == assessment.to_json()
    assert again.engine is assessment.engine
    assert pickle.loads(pickle.dumps(assessment.engine)) is assessment.engine


def test_a_copy_with_other_parts_keeps_nothing_computed_from_the_old_ones() -> None:
    knowledge = load_knowledge(cases=False)
    name = knowledge.rules[0].id
    assert name in knowledge.rule_by_id
    assert name not in knowledge.model_copy(update={"rules": knowledge.rules[1:]}).rule_by_id
    assert KnowledgeBase.model_validate(knowledge.model_dump()) == knowledge


def test_a_session_takes_only_a_case_that_can_be_assessed() -> None:
    from sijoint.engine.case import Recorded

    from sijoint import Case, CaseError

    wrong = Case(findings=(Recorded(finding="saddle_numbness", value=5),))
    for door in (Session, assess, lambda case: Assessment(Engine(load_knowledge(), ("compiled",)), case)):
        with pytest.raises(CaseError):
            door(wrong)
