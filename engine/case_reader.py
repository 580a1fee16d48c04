"""Case as given -> validated `Case`: a mapping, a path to YAML or JSON, or a `Case` already made.

In: hostile input. Out: a `Case` sorted by finding id, or one `CaseError` that lists every problem with its place. Nothing
is half-read, and no message repeats a value that was given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path as FilePath
from typing import Any

from ..knowledge.errors import CaseError, Problem, nearest
from ..knowledge.items import SIDES
from ..knowledge.language import Finding, KnowledgeBase
from ..knowledge.yaml_reader import Document, read_yaml
from .case import SCHEMA, Case, Recorded, Step, Value

SIZE_LIMIT = 1_000_000
TEXT_LIMIT = 10_000
STEP_LIMIT = 200
FINDINGS_LIMIT = 5_000
KEYS = ("schema", "case", "as_of", "findings", "steps")
STEP_KEYS = ("as_of", "title", "findings")
CHECKED = "_checked"
VALUE_KEYS = ("value", "recorded_by", "recorded_on", "method", "note")

Path = tuple[str | int, ...]


def read_case(source: Case | Mapping[str, Any] | str | FilePath, knowledge: KnowledgeBase) -> Case:
    """Read and validate a case.

    Raises:
        CaseError: with every problem found.
    """
    if isinstance(source, Case):
        if knowledge.identity not in vars(source).get(CHECKED, ()):
            _check_known(source, knowledge)
            _mark_checked(source, knowledge)
        return source
    return _read(_document(source), knowledge)


def read_case_json(text: bytes, knowledge: KnowledgeBase, name: str = "case") -> Case:
    """Read and validate a case from JSON text; `name` stands for the file in messages.

    Raises:
        CaseError: with every problem found.
    """
    return _read(_read_json(text, name), knowledge)


def _read(document: Document, knowledge: KnowledgeBase) -> Case:
    reading = Reading(document, knowledge)
    readable = document.value is not None or not document.problems
    case = reading.case(document.value) if readable else None
    problems = [*document.problems, *reading.problems]
    if problems or case is None:
        raise CaseError(problems)
    _mark_checked(case, knowledge)
    return case


def _mark_checked(case: Case, knowledge: KnowledgeBase) -> None:
    """Remember on the case, not on its copies, that it fits this knowledge; threads lose at most a mark."""
    vars(case)[CHECKED] = vars(case).get(CHECKED, frozenset()) | {knowledge.identity}


def _check_known(case: Case, knowledge: KnowledgeBase) -> None:
    """A `Case` model is checked like any other input: it may have been made by hand or for other knowledge."""
    reading = Reading(Document("case"), knowledge)
    for items in (case.findings, *(step.findings for step in case.steps)):
        for item in items:
            finding = knowledge.finding_by_id.get(item.finding)
            if finding is None:
                reading.unknown(item.finding, ("findings",))
            else:
                reading.checked(finding, item.value, ("findings", item.finding))
        ids = [item.finding for item in items]
        if ids != sorted(set(ids)):
            reading.refuse(("findings",), "findings", "not sorted or twice", "make it with read_case", "C007")
    if reading.problems:
        raise CaseError(reading.problems)


def _document(source: Mapping[str, Any] | str | FilePath) -> Document:
    if isinstance(source, Mapping):
        return Document("case", dict(source))
    if not isinstance(source, str | FilePath):
        what = f"a {type(source).__name__} instead of a mapping, a path or a Case"
        return _wrong("case", what, "give a mapping, a path or a Case")
    path = FilePath(source)
    try:
        with path.open("rb") as stream:
            text = stream.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        return _wrong(path.name[:100] or "case", f"cannot be read: {reason}", "name an existing YAML or JSON file")
    if path.suffix.lower() == ".json":
        return _read_json(text, path.name)
    return read_yaml(text, path.name, "C001", SIZE_LIMIT)


def _wrong(name: str, what: str, fix: str) -> Document:
    return Document(name, problems=[Problem(name, 0, "file", what, "there is nothing to assess", fix, "C001")])


def _read_json(text: bytes, name: str) -> Document:
    if len(text) > SIZE_LIMIT:
        return _wrong(name, f"more than the {SIZE_LIMIT} bytes allowed", "shorten the file")
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        twice.extend(key for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(items)

    try:
        document = Document(name, json.loads(text.decode("utf-8-sig"), object_pairs_hook=pairs))
    except UnicodeDecodeError:
        return _wrong(name, "not UTF-8 text", "save the file as UTF-8")
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        return Document(name, problems=[Problem(name, line, "file", "not valid JSON", "it cannot be read", "correct it", "C001")])
    for key in twice:
        what = f"the key {key[:60]!r} twice"
        document.problems.append(Problem(name, 0, "file", what, "it is unclear which counts", "keep one of them", "C007"))
    return document


@dataclass
class Reading:
    """One case being read: the place of every part, and the problems so far."""

    document: Document
    knowledge: KnowledgeBase
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, path: Path, item: str, what: str, fix: str, code: str) -> None:
        """Record a problem at a place in the case."""
        where = ".".join(str(part) for part in path) or "case"
        why = "the case cannot be assessed as given"
        line = self.document.line(path)
        self.problems.append(Problem(self.document.file, line, item if item else where, what, why, fix, code))

    def case(self, raw: Any) -> Case | None:
        """The whole case."""
        if raw is None:
            self.refuse((), "case", "empty", "write at least 'findings: {}' with the answers", "C002")
            return None
        if not isinstance(raw, Mapping):
            self.refuse((), "case", f"a {type(raw).__name__} instead of a mapping", "write 'findings: {...}'", "C002")
            return None
        self.keys(raw, KEYS, ())
        if raw.get("schema", SCHEMA) != SCHEMA:
            self.refuse(("schema",), "schema", "another schema", f"write schema: {SCHEMA} or leave it out", "C003")
        as_of = self.day(raw.get("as_of"), ("as_of",))
        name = self.text(raw.get("case", "case"), ("case",), 200)
        findings, _ = self.findings(raw.get("findings"), ("findings",), None)
        steps = self.steps(raw.get("steps"), as_of)
        if self.problems:
            return None
        return Case(case=name or "case", as_of=as_of, findings=findings, steps=steps)

    def keys(self, raw: Mapping[Any, Any], allowed: tuple[str, ...], path: Path) -> None:
        """Only keys that are read."""
        for key in raw:
            if key not in allowed:
                shown = str(key)[:60]
                fix = f"{nearest(shown, allowed)}; findings go under 'findings:'"
                self.refuse((*path, key), shown, f"unknown key {shown}", fix, "C003")

    def steps(self, raw: Any, as_of: date | None) -> tuple[Step, ...]:
        """Later changes, in order; their dates do not go back."""
        if raw is None:
            return ()
        if not isinstance(raw, list) or len(raw) > STEP_LIMIT:
            self.refuse(("steps",), "steps", f"not a list of at most {STEP_LIMIT} steps", "write '- findings: {...}'", "C002")
            return ()
        found = []
        for number, item in enumerate(raw):
            path = ("steps", number)
            if not isinstance(item, Mapping):
                self.refuse(path, f"step {number + 1}", "not a mapping", "write 'findings: {...}'", "C002")
                continue
            self.keys(item, STEP_KEYS, path)
            day = self.day(item.get("as_of"), (*path, "as_of"))
            if day and as_of and day < as_of:
                self.refuse((*path, "as_of"), f"step {number + 1}", "earlier than the step before", "order the steps", "C008")
            as_of = day or as_of
            findings, withdrawn = self.findings(item.get("findings"), (*path, "findings"), day)
            title = self.text(item.get("title"), (*path, "title"), 200)
            found.append(Step(as_of=day, title=title, findings=findings, withdrawn=withdrawn))
        return tuple(found)

    def findings(self, raw: Any, path: Path, day: date | None) -> tuple[tuple[Recorded, ...], tuple[str, ...]]:
        """Recorded values sorted by finding, and the findings said to be unknown."""
        if raw is None:
            return (), ()
        if not isinstance(raw, Mapping):
            self.refuse(path, "findings", f"a {type(raw).__name__} instead of a mapping", "write 'finding: value'", "C002")
            return (), ()
        if len(raw) > FINDINGS_LIMIT:
            self.refuse(path, "findings", f"more than {FINDINGS_LIMIT} findings", "give the findings of one patient", "C009")
            return (), ()
        recorded: dict[str, Recorded] = {}
        withdrawn: list[str] = []
        for key, value in raw.items():
            for name, part, place in self.sides(key, value, (*path, key)):
                item = self.recorded(name, part, place, day)
                if name in recorded or name in withdrawn:
                    self.refuse(place, name, "given twice", "keep one of the two values", "C007")
                elif item is None:
                    withdrawn.append(name)
                else:
                    recorded[name] = item
        return tuple(recorded[key] for key in sorted(recorded)), tuple(sorted(withdrawn))

    def sides(self, key: Any, value: Any, path: Path) -> Iterable[tuple[str, Any, Path]]:
        """The finding ids a key stands for, each with its value."""
        known = self.knowledge.finding_by_id
        if key in known:
            return [(key, value, path)]
        if f"{key}.left" not in known:
            self.unknown(key, path)
            return []
        if isinstance(value, Mapping) and value and set(value) <= set(SIDES):
            return [(f"{key}.{side}", value[side], (*path, side)) for side in value]
        if value is None or value is False:
            return [(f"{key}.{side}", value, path) for side in SIDES]
        self.refuse(path, str(key), "given without a side", "write {left: ..., right: ...}", "C005")
        return []

    def unknown(self, key: Any, path: Path) -> None:
        """A finding that no pack declares."""
        shown = str(key)[:60]
        self.refuse(path, shown, f"unknown finding {shown}", nearest(shown, self.knowledge.finding_by_id), "C004")

    def recorded(self, name: str, raw: Any, path: Path, day: date | None) -> Recorded | None:
        """One value with who, when and how; None where the value is unknown."""
        who: dict[str, Any] = {}
        if isinstance(raw, Mapping):
            self.keys(raw, VALUE_KEYS, path)
            if "value" not in raw:
                self.refuse(path, name, "no value", "write value: ...", "C005")
            who = {key: self.text(raw.get(key), (*path, key), TEXT_LIMIT) for key in ("recorded_by", "method", "note")}
            who["recorded_on"] = self.moment(raw.get("recorded_on"), (*path, "recorded_on"))
            raw = raw.get("value")
        value = self.checked(self.knowledge.finding_by_id[name], raw, path)
        if value is None:
            return None
        who["recorded_on"] = who.get("recorded_on") or day
        return Recorded.model_construct(finding=name, value=value, **{"recorded_by": None, "method": None, "note": None, **who})

    def checked(self, finding: Finding, raw: Any, path: Path) -> Value | None:
        """A value of the right type and inside the range; None for unknown or after a problem."""
        if raw is None or (raw == "unknown" and "unknown" not in finding.choices):
            return None
        if finding.type == "yes_no":
            if isinstance(raw, bool):
                return raw
            self.refuse(path, finding.id, "neither yes nor no", "write yes, no or null", "C005")
        elif finding.type == "choice":
            if isinstance(raw, str) and raw in finding.choices:
                return raw
            self.refuse(path, finding.id, "not one of its choices", f"choose one of {', '.join(finding.choices)}", "C005")
        else:
            return self.number(finding, raw, path)
        return None

    def number(self, finding: Finding, raw: Any, path: Path) -> Value | None:
        """A finite number inside the range of its finding."""
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            self.refuse(path, finding.id, "not a number", f"write a number in {finding.unit}", "C005")
            return None
        low, high = finding.range or (raw, raw)
        if not (isinstance(raw, int) or math.isfinite(raw)) or not low <= raw <= high:
            self.refuse(path, finding.id, "out of range", f"write {low} to {high} {finding.unit}", "C006")
            return None
        if finding.whole and raw != int(raw):
            self.refuse(path, finding.id, "not a whole number", f"write whole {finding.unit}", "C006")
            return None
        return int(raw) if isinstance(raw, float) and raw.is_integer() else raw

    def text(self, raw: Any, path: Path, limit: int) -> str | None:
        """A short text; a plain number is taken as written."""
        if raw is None:
            return None
        text = _text_of(raw)
        if text is None or not 0 < len(text) <= limit:
            self.refuse(path, str(path[-1]), "no text, or too long", f"write 1 to {limit} characters", "C005")
            return None
        return text

    def moment(self, raw: Any, path: Path) -> datetime | date | None:
        """A date, or a date with a time."""
        if raw is None or isinstance(raw, date):
            return raw
        for parse in (date.fromisoformat, datetime.fromisoformat):
            try:
                return parse(raw)
            except (TypeError, ValueError):
                continue
        self.refuse(path, str(path[-1]), "not a date", "write YYYY-MM-DD", "C008")
        return None

    def day(self, raw: Any, path: Path) -> date | None:
        """A date without a time."""
        moment = self.moment(raw, path)
        return moment.date() if isinstance(moment, datetime) else moment


def _text_of(raw: Any) -> str | None:
    """What stands for a text, without space around it; None where it is none, or could not be written out again."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return None
    try:
        text = str(raw).strip()
        text.encode()
    except ValueError:  # half of a surrogate pair, or a number of more digits than Python writes
        return None
    return text
