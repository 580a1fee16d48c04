"""The checker accepts what was written and refuses whatever was changed in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from brute import small
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from sijoint.engine.case import Case
from sijoint.engine.infer import Engine
from sijoint.engine.reference import Reference
from sijoint.explain.assessment import Assessment
from sijoint.explain.checker import check_absence, check_justification
from sijoint.explain.justification import Justification
from sijoint.explain.why_not import WhyNot
from sijoint.knowledge.language import KnowledgeBase

from sijoint import EngineError

Path_ = tuple[str | int, ...]


def assessed(knowledge: KnowledgeBase, case: Case) -> Assessment:
    return Assessment(Engine(knowledge, ("compiled", "reference")), case)


def places(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every part of a document, whole branches included."""
    if path:
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple | list) else ()
    for key, part in items:
        yield from places(part, (*path, key))


def put(value: Any, path: Path_, part: Any) -> Any:
    """A copy of a document with one part replaced."""
    if not path:
        return part
    if isinstance(value, dict):
        return {**value, path[0]: put(value[path[0]], path[1:], part)}
    return tuple(put(item, path[1:], part) if number == path[0] else item for number, item in enumerate(value))


def at(value: Any, path: Path_) -> Any:
    return at(value[path[0]], path[1:]) if path else value


TEXTS = (
    *("", "x", "leaf", "all", "any", "at_least", "finding", "absence", "unknown", "branch", "known_false", "too_low", "blocked"),
    *("present", "absent", "known", "likely", "possible", "given", "over", "under", "base/r0", "V", "X", "f0", "f1", "c0", "c1"),
)


CHOICES = st.lists(st.integers(0, 10**6), min_size=5, max_size=5)


def corrupted(document: dict[str, Any], choices: list[int]) -> dict[str, Any]:
    """The document with one part changed: a value replaced, a member dropped, doubled, moved or added, a branch swapped."""
    where, how, which, place, text = choices
    found = list(places(document))
    path, part = found[where % len(found)]
    if isinstance(part, tuple | list):
        branches = [other for _, other in found if isinstance(other, dict)]
        added = branches[which % len(branches)] if branches else TEXTS[text % len(TEXTS)]
        return put(document, path, _rearranged(tuple(part), how, place, added, TEXTS[text % len(TEXTS)]))
    options = [other for there, other in found if there[-1] == path[-1]] + [None]
    if not isinstance(part, dict) and how % 2:
        texts = sorted({other for _, other in found if isinstance(other, str)})
        options = [*TEXTS, *texts, True, False, 0, 1, 2, 1.0, -1]
    return put(document, path, options[which % len(options)])


def _rearranged(members: tuple[Any, ...], how: int, place: int, added: Any, text: str) -> tuple[Any, ...]:
    place %= len(members) + 1
    changed = (
        members[:place] + members[place + 1 :],
        members + members[-1:],
        members[::-1],
        (*members[:place], added, *members[place:]),
        (*members, text),
        (),
    )
    return changed[how % len(changed)]


def rebuilt(model: type[BaseModel], document: dict[str, Any], original: BaseModel) -> Any:
    """The corrupted document as a model; None where the model itself refuses it, or nothing was changed."""
    try:
        found = model.model_validate(document)
    except ValidationError:
        return None
    return None if repr(found) == repr(original) else found


@given(st.data(), small(later=True))
@settings(max_examples=50)
def test_refuses_every_corrupted_justification(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = assessed(knowledge, case)
    assume(assessment.conclusions)
    name = data.draw(st.sampled_from([item.id for item in assessment.conclusions]))
    depth, absences = data.draw(st.sampled_from([None, 1, 2])), data.draw(st.sampled_from([0, 1, None]))
    proof = assessment.why(name, depth=depth, absences=absences)
    document = proof.model_dump()
    for _ in range(6):
        bad = rebuilt(Justification, corrupted(document, data.draw(CHOICES)), proof)
        if bad is None:
            continue
        with pytest.raises(EngineError, match="failed its own check"):
            check_justification(Reference(knowledge, case), bad, name, depth=depth, below=absences)


@given(st.data(), small(later=True))
@settings(max_examples=40)
def test_refuses_every_corrupted_absence(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = assessed(knowledge, case)
    absent = [item.id for item in knowledge.conclusions if item.id not in assessment]
    assume(absent)
    name, depth = data.draw(st.sampled_from(absent)), data.draw(st.sampled_from([None, 1]))
    tree = assessment.why_not(name, depth=depth)
    assume(tree.rules)
    document = tree.model_dump()
    for _ in range(6):
        bad = rebuilt(WhyNot, corrupted(document, data.draw(CHOICES)), tree)
        if bad is None or (bad.conclusion, bad.grade) != (tree.conclusion, tree.grade):
            continue
        with pytest.raises(EngineError, match="failed its own check"):
            check_absence(knowledge, case, bad, depth=depth)


@given(small(later=True))
@settings(max_examples=60)
def test_accepts_everything_that_was_written(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    assessment = assessed(knowledge, case)
    for item in knowledge.conclusions:
        if item.id in assessment:
            for depth in (None, 1, 2):
                assessment.why(item.id, depth=depth, absences=None)
        else:
            assessment.why_not(item.id)
            assessment.why_not(item.id, depth=1)


def test_a_proof_of_another_case_is_refused(knowledge: KnowledgeBase) -> None:
    from sijoint.engine.case_reader import read_case

    proof = assessed(knowledge, read_case({"findings": {"saddle_numbness": True}}, knowledge)).why("disposition")
    with pytest.raises(EngineError):
        check_justification(Reference(knowledge, read_case({"findings": {}}, knowledge)), proof, "disposition", below=1)


def test_shares_no_code_with_the_evaluators() -> None:
    """It may import the models, the errors and the reference, and nothing that infers, records or writes."""
    allowed = {
        "engine.case",
        "engine.reference",
        "knowledge.conditions",
        "knowledge.errors",
        "knowledge.items",
        "knowledge.language",
        "checker",
    }
    for name in ("checker.py", "trials.py"):
        tree = ast.parse((Path(__file__).parent.parent / "explain" / name).read_text(encoding="utf-8"))
        guarded = {id(part) for node in ast.walk(tree) if isinstance(node, ast.If) for part in ast.walk(node)}
        imported = {
            node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level and id(node) not in guarded
        }
        assert imported <= allowed
