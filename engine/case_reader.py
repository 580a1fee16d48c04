"""Case as given -> validated `Case`: a mapping, a path to YAML or JSON, or a `Case` already made.

In: hostile input. Out: a `Case` sorted by finding id, or one `CaseError` that lists every problem with its place and keeps
aside what could be read. Nothing is half-read, and no message repeats a value that was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from ..knowledge.errors import CaseError, key_text
from ..knowledge.language import KnowledgeBase
from ..knowledge.yaml_reader import Document, Path
from .case import Case, Correction, Moment, Recorded, Step
from .case_dates import Visit, date_mistakes
from .case_reading import NAME_LIMIT, VALUE_KEYS, WHY, Reading
from .case_source import document_of, name_of, read_json
from .plain import Plain

CHECKED = "_checked"


def read_case(source: Case | Mapping[str, Any] | str | FilePath, knowledge: KnowledgeBase, *, as_of: date | None = None) -> Case:
    """Read and validate a case; `as_of` is its day where it names none.

    Raises:
        CaseError: with every problem found.
    """
    if not isinstance(source, Case):
        return read_document(document_of(source), knowledge, as_of=as_of)
    if as_of and not source.as_of:
        source = source.model_copy(update={"as_of": as_of})
    if knowledge.identity in vars(source).get(CHECKED, ()):
        return source
    return _read_model(source, knowledge)


def read_case_json(text: bytes, knowledge: KnowledgeBase, name: str = "case") -> Case:
    """Read and validate a case from JSON text; `name` stands for the file in messages.

    Raises:
        CaseError: with every problem found.
    """
    return read_document(read_json(text, name), knowledge)


def read_findings(findings: Any, knowledge: KnowledgeBase, as_of: date | None = None) -> Step:
    """Findings written as in a case, as one later step; `as_of` is its day.

    Raises:
        CaseError: with every problem found.
    """
    reading = Reading(Document("case"), knowledge)
    recorded, withdrawn, corrections = reading.findings(Plain().value(findings), ("findings",), None)
    reading.mistakes(date_mistakes([Visit(("findings",), as_of, recorded, corrections)]), "C008")
    if reading.document.problems:
        raise reading.error(Case.model_construct(findings=recorded))
    return Step(findings=recorded, withdrawn=withdrawn, corrections=corrections)


def read_document(document: Document, knowledge: KnowledgeBase, *, model: Case | None = None, as_of: date | None = None) -> Case:
    """The case that a document holds; `model` is the case it was written from, where there is one.

    Raises:
        CaseError: with every problem found.
    """
    raw = document.salvaged if document.value is None else document.value
    refused = document.value is None and bool(document.problems)
    if raw is None and refused:
        raise CaseError(document.problems, more=document.more)
    reading = Reading(document, knowledge, silent=refused, today=as_of)
    case = reading.case(raw)
    reading.again()
    if model is not None and not document.problems:
        _unknown_as_known(model, case, document)
    if document.problems:
        raise reading.error(case)
    case = Case(case=case.case, as_of=case.as_of, findings=case.findings, steps=case.steps)
    _mark_checked(case, knowledge)
    return case


def _mark_checked(case: Case, knowledge: KnowledgeBase) -> None:
    """Remember on the case, not on its copies, that it fits this knowledge; threads lose at most a mark."""
    vars(case)[CHECKED] = vars(case).get(CHECKED, frozenset()) | {knowledge.identity}


def _read_model(source: Case, knowledge: KnowledgeBase) -> Case:
    """A `Case` model is read like any other input: it may have been made by hand or for other knowledge."""
    given = vars(source)
    document = Document("case", name=name_of)
    raw = {key: given.get(key) for key in ("case", "as_of")}
    raw["findings"] = _written(given.get("findings"), (), document, ("findings",))
    steps = given.get("steps")
    if isinstance(steps, tuple | list) and all(isinstance(step, Step) for step in steps):
        steps = [_written_step(vars(step), document, number) for number, step in enumerate(steps)]
    document.value = document.salvaged = Plain().value({**raw, "steps": steps})
    if not isinstance(source, Moment):
        return read_document(document, knowledge, model=source)
    _check_past(source, knowledge, document)
    read_document(document, knowledge, model=source)
    _mark_checked(source, knowledge)
    return source


def _check_past(source: Moment, knowledge: KnowledgeBase, document: Document) -> None:
    """What a moment brings along from earlier ones is declared, and its values may be recorded."""
    reading = Reading(document, knowledge)
    for item in (*source.history, *source.lapsed):
        finding = knowledge.finding_by_id.get(item.finding)
        if finding is None:
            reading.unknown(item.finding, ("history",))
        elif reading.checked(finding, item.value, ("history", item.finding)) is None:
            _refuse_model(document, ("history", item.finding), "recorded without a value", "leave it out", "C005")
    for name, grade in source.earlier:
        if name not in knowledge.conclusion_by_id or grade not in knowledge.conclusion_by_id[name].grades:
            _refuse_model(document, ("earlier", name), "no such conclusion or grade", "make it with an engine", "C004")


def _written_step(step: dict[str, Any], document: Document, number: int) -> dict[str, Any]:
    findings = _written(step.get("findings"), step.get("withdrawn"), document, ("steps", number, "findings"))
    corrections = [item for item in step.get("corrections") or () if isinstance(item, Correction)]
    if isinstance(findings, dict):
        findings |= {item.finding: {**item.model_dump(exclude={"finding"}), "corrected": True} for item in corrections}
    return {"as_of": step.get("as_of"), "title": step.get("title"), "findings": findings}


def _written(items: Any, withdrawn: Any, document: Document, path: Path) -> Any:
    """The findings of a model as a case file would give them; what no file could give is a problem."""
    if not isinstance(items, tuple | list) or not isinstance(withdrawn, tuple | list):
        return [items]
    found: dict[str, Any] = {}
    for item in items:
        content = vars(item) if isinstance(item, Recorded) else {}
        name = key_text(content.get("finding"), NAME_LIMIT)
        entry = {key: content[key] for key in VALUE_KEYS if key != "corrected" and content.get(key) is not None}
        if name in found:
            document.repeated.append(((*path, name), Plain().value(entry)))
        found.setdefault(name, entry)
    if list(found) != sorted(found) or len(found) != len(items):
        _refuse_model(document, path, "not sorted, or one twice", "make it with read_case", "C007")
    return {key_text(name, NAME_LIMIT): None for name in withdrawn} | found


def _unknown_as_known(source: Case, case: Case, document: Document) -> None:
    """A finding recorded as unknown is none: it would count as answered."""
    moments: list[tuple[Path, Case | Step, Case | Step]] = [(("findings",), source, case)]
    pairs = enumerate(zip(source.steps, case.steps, strict=True))
    moments += [(("steps", number, "findings"), given, read) for number, (given, read) in pairs]
    for path, given, read in moments:
        for name in sorted({item.finding for item in given.findings} - {item.finding for item in read.findings}):
            _refuse_model(document, (*path, name), "recorded without a value", "leave it out, or record a value", "C005")


def _refuse_model(document: Document, path: Path, what: str, fix: str, code: str) -> None:
    document.note(path, 0, what, WHY[code], fix, code)
