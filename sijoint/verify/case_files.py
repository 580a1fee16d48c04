"""Cases -> YAML: the published shape `sijoint.case/1`, ready to be run.

In: `Case`. Out: text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from ..engine.case import SCHEMA, Case, Recorded


def case_file(case: Case) -> str:
    """A case as a file."""
    document: dict[str, Any] = {"schema": SCHEMA, "case": case.case}
    if case.as_of:
        document["as_of"] = case.as_of
    document["findings"] = findings_of(case.findings)
    if case.steps:
        document["steps"] = [{"findings": _changes(step.findings, step.withdrawn)} for step in case.steps]
    return to_yaml(document)


def findings_of(recorded: Iterable[Recorded]) -> dict[str, Any]:
    """Findings as a mapping: a bare value, or the value with who and when."""
    found: dict[str, Any] = {}
    for item in recorded:
        who = {key: getattr(item, key) for key in ("recorded_by", "recorded_on", "method") if getattr(item, key)}
        found[item.finding] = {"value": item.value, **who} if who else item.value
    return found


def _changes(findings: tuple[Recorded, ...], withdrawn: tuple[str, ...]) -> dict[str, Any]:
    return {**findings_of(findings), **dict.fromkeys(withdrawn)}


def to_yaml(document: Any) -> str:
    """YAML in the order given, one key per line."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))
