"""Case -> plain values of the published shape `sijoint.case/1`, steps and corrections included: the one way out.

In: a validated `Case`. Out: a mapping that `read_case` reads back to the same case, or its YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import yaml

from ..knowledge.errors import CaseError, Problem
from .case import SCHEMA, Case, Correction, Moment, Recorded, Step

LOST = "its earlier answers, and the flags they raised, would be lost"
WHO = ("recorded_by", "recorded_on", "method", "note")


def case_document(case: Case, *, notes: bool = True) -> dict[str, Any]:
    """A case as a mapping; a number that moved with time is written as it was given. `notes=False` leaves notes out.

    Raises:
        CaseError: it is one moment of a case that has a past, which would be lost.
    """
    return as_it_stands(whole(case), notes=notes)


def whole(case: Case) -> Case:
    """A case as it was given; a moment without a past is one.

    Raises:
        CaseError: it is one moment of a case that has a past, which would be lost.
    """
    if not isinstance(case, Moment):
        return case
    if case.history or case.lapsed or case.earlier or case.amended:
        what = "one moment of a case that has a past"
        problem = Problem("case", 0, "case", what, LOST, "give the whole case: `given` of its assessment", "C002")
        raise CaseError([problem], readable=(case,))
    return Case(case=case.case, as_of=case.as_of, findings=tuple(_first_given(item, case.as_of) for item in case.findings))


def _first_given(item: Recorded, as_of: date | None) -> Recorded:
    """An answer before its number moved with time, dated where it was given on another day than that of the case."""
    value = item.value if item.moved_from is None else item.moved_from
    day = item.recorded_on if item.given_on == as_of else item.dated
    return item.model_copy(update={"value": value, "moved_from": None, "given_on": None, "recorded_on": day})


def as_it_stands(case: Case, *, notes: bool = True) -> dict[str, Any]:
    """A case or one moment as a mapping; what a moment brings along from earlier ones is left out."""
    document: dict[str, Any] = {"schema": SCHEMA, "case": case.case}
    if case.as_of:
        document["as_of"] = case.as_of
    document["findings"] = {item.finding: _entry(item, notes) for item in case.findings}
    if case.steps:
        document["steps"] = [_step(step, notes) for step in case.steps]
    return document


def case_yaml(case: Case, *, notes: bool = True) -> str:
    """A case as `sijoint.case/1` YAML, as `read_case` reads it.

    Raises:
        CaseError: it is one moment of a case that has a past, which would be lost.
    """
    return to_yaml(case_document(case, notes=notes))


def to_yaml(document: Any) -> str:
    """YAML in the order given, one key per line."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))


def findings_as_given(recorded: Iterable[Recorded]) -> dict[str, Any]:
    """Findings as a mapping: a bare value, or the value with who, when and how, without notes."""
    return {item.finding: _entry(item, notes=False) for item in recorded}


def _step(step: Step, notes: bool) -> dict[str, Any]:
    said: dict[str, date | str | None] = {"as_of": step.as_of, "title": step.title}
    findings: dict[str, Any] = {item.finding: _entry(item, notes) for item in step.findings}
    findings |= dict.fromkeys(step.withdrawn)
    findings |= {item.finding: _correction(item) for item in step.corrections}
    return {key: value for key, value in said.items() if value is not None} | {"findings": findings}


def _entry(item: Recorded, notes: bool) -> Any:
    said = {key: getattr(item, key) for key in WHO if notes or key != "note"}
    value = item.value if item.moved_from is None else item.moved_from
    return _said(value, said)


def _correction(item: Correction) -> dict[str, Any]:
    said = {key: getattr(item, key) for key in ("recorded_by", "recorded_on", "note")}
    return {"value": item.value, "corrected": True} | {key: value for key, value in said.items() if value is not None}


def _said(value: Any, said: Mapping[str, Any]) -> Any:
    kept = {key: part for key, part in said.items() if part is not None}
    return {"value": value, **kept} if kept else value
