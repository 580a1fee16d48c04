"""A document -> as much of a case as can be read: every part with its place, every problem, and what was meant.

In: plain values of a hostile document. Out: a `Case` that is not yet validated, problems on the document, and beside them the
further values that some finding was given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any

from ..knowledge.errors import CaseError, key_text, nearest, pointer_to
from ..knowledge.items import SIDES
from ..knowledge.language import Finding, KnowledgeBase
from ..knowledge.scalars import EAST, WEST, moment
from ..knowledge.yaml_reader import Document, Path
from .case import SCHEMA, Case, Correction, Recorded, Step, Value
from .case_dates import Mistake, correction_mistakes, date_mistakes, visits_of
from .readable import Others, Slot, meant, readable_cases, repeated_findings, slots_of, without, work_ups_of

TEXT_LIMIT = 10_000
NAME_LIMIT = 200
STEP_LIMIT = 200
FINDINGS_LIMIT = 5_000
WHOLE_LIMIT = 10**18
LOOK_UPS = 20
ALONE = 6
KEYS = ("schema", "case", "as_of", "findings", "steps")
STEP_KEYS = ("as_of", "title", "findings")
VALUE_KEYS = ("value", "corrected", "recorded_by", "recorded_on", "method", "note")
SPELLING = "check the spelling against the declared ids"
WHY = {
    "C002": "findings in an unexpected place are not seen",
    "C003": "what stands under it would be ignored",
    "C004": "a misspelt red flag would count as not asked",
    "C005": "it could be read in more than one way",
    "C006": "it is most likely a typing error or another unit",
    "C007": "it is unclear which counts",
    "C008": "whether a work-up came after a symptom depends on dates",
    "C009": "it is most likely more than one patient",
    "C011": "a correction can take back a red flag",
}
YES_NO = "write yes, no or null without quotes; in JSON true, false or null, in Python True, False or None"


Answers = tuple[tuple[Recorded, ...], tuple[str, ...], tuple[Correction, ...]]


@dataclass(repr=False)
class Reading:
    """One case being read: the place of every part, and the problems so far.

    `silent` where the text itself is refused: what is read of it is only weighed. `others` are further values that some
    finding was given, or that an unreadable value may mean; `doubted` are the places of all problems.
    """

    document: Document
    knowledge: KnowledgeBase
    silent: bool = False
    today: date | None = None
    name: str | None = None
    others: Others = field(default_factory=dict)
    doubted: set[Slot] = field(default_factory=set)
    undated: bool = False
    looked_up: int = 0

    def refuse(self, path: Path, what: str, fix: str, code: str) -> None:
        """Record a problem at a place in the case."""
        self.doubt(path, code)
        if not self.silent:
            self.document.note(path, self.document.line(path), what, WHY[code], fix, code)

    def error(self, case: Case) -> CaseError:
        """Every problem as one error, with the cases that could be read beside it."""
        document = self.document
        ways = (readable_cases(sound, self.others) for sound in self.sounder(case))
        readable = tuple(chain.from_iterable(zip(*ways, strict=True)))  # the first of each way first: not all may be weighed
        return CaseError(document.problems, more=document.more, case=self.name, readable=readable)

    def doubt(self, path: Path, code: str) -> None:
        """Keep in mind that a problem sits at an answer, or that a day is in doubt."""
        self.undated |= code == "C008"
        inside = path[2:] if path[:1] == ("steps",) else path
        if inside[:1] == ("findings",):
            at = pointer_to(path)[1] or 0
            self.doubted |= {(at, ".".join(map(str, inside[1:end]))) for end in (2, 3) if len(inside) >= end}

    def sounder(self, case: Case) -> Iterable[Case]:
        """The case as read, and where that differs without the answers in doubt: all of them, and each of a few alone.

        A work-up is in doubt too where any day is, or where the text itself is refused.
        """
        doubted = self.doubted | set(self.others)
        if self.undated or (self.document.value is None and self.document.salvaged is not None):
            doubted |= {(at, name) for at in range(len(case.steps) + 1) for name in work_ups_of(self.knowledge)}
        present = sorted(doubted & slots_of(case))
        yield case
        if present:
            yield without(case, present)
        if 1 < len(present) <= ALONE:
            yield from (without(case, [slot]) for slot in present)

    def case(self, raw: Any) -> Case:
        """The whole case, or as much of it as can be read."""
        if raw is None:
            self.refuse((), "empty", "write at least 'findings: {}' with the answers", "C002")
            raw = {}
        if not isinstance(raw, Mapping):
            self.refuse((), f"a {kind_of(raw)} instead of a mapping", "write 'findings: {...}'", "C002")
            raw = {}
        self.keys(raw, KEYS, ())
        if raw.get("schema", SCHEMA) != SCHEMA:
            self.refuse(("schema",), "another schema", f"write schema: {SCHEMA} or leave it out", "C003")
        as_of = self.day(raw.get("as_of"), ("as_of",)) or self.today
        self.name = self.text(raw.get("case"), ("case",), NAME_LIMIT)
        findings, _, corrections = self.findings(raw.get("findings"), ("findings",), None)
        for item in corrections:
            fix = "give the right answer; only a step corrects an earlier one"
            self.refuse(("findings", item.finding), "corrected at the first moment", fix, "C011")
        steps = self.steps(raw.get("steps"), as_of)
        self.mistakes(date_mistakes(visits_of(as_of, findings, steps)), "C008")
        case = Case.model_construct(case=self.name or "case", as_of=as_of, findings=findings, steps=steps)
        self.mistakes(correction_mistakes(case), "C011")
        return case

    def mistakes(self, found: Iterable[Mistake], code: str) -> None:
        """Record mistakes that were found in what was read."""
        for path, what, fix in found:
            self.refuse(path, what, fix, code)

    def keys(self, raw: Mapping[Any, Any], allowed: tuple[str, ...], path: Path) -> None:
        """Only keys that are read."""
        for key in raw:
            if key not in allowed:
                fix = f"{self.nearest(key, allowed)}; findings go under 'findings:'"
                self.refuse((*path, key), f"unknown key {key_text(key)}", fix, "C003")

    def nearest(self, key: Any, known: Iterable[str]) -> str:
        """The advice that names the closest id, for so many keys of one case at most."""
        self.looked_up += 1
        return nearest(key_text(key), known) if self.looked_up <= LOOK_UPS else SPELLING

    def steps(self, raw: Any, as_of: date | None) -> tuple[Step, ...]:
        """Later changes, in order; their dates do not go back. A step that cannot be read is empty."""
        if raw is None:
            return ()
        if not isinstance(raw, list) or len(raw) > STEP_LIMIT:
            self.refuse(("steps",), f"not a list of at most {STEP_LIMIT} steps", "write '- findings: {...}'", "C002")
            raw = raw[:STEP_LIMIT] if isinstance(raw, list) else []
        found = []
        for number, item in enumerate(raw):
            path = ("steps", number)
            if not isinstance(item, Mapping):
                self.refuse(path, "not a mapping", "write 'findings: {...}'", "C002")
                item = {}
            self.keys(item, STEP_KEYS, path)
            day = self.day(item.get("as_of"), (*path, "as_of"))
            if day and as_of and day < as_of:
                self.refuse((*path, "as_of"), "earlier than the step before", "order the steps", "C008")
            as_of = day or as_of
            findings, withdrawn, corrections = self.findings(item.get("findings"), (*path, "findings"), day)
            title = self.text(item.get("title"), (*path, "title"), NAME_LIMIT)
            step = Step.model_construct(as_of=day, title=title, findings=findings, withdrawn=withdrawn, corrections=corrections)
            found.append(step)
        return tuple(found)

    def findings(self, raw: Any, path: Path, day: date | None) -> Answers:
        """Recorded values sorted by finding, the findings said to be unknown, and the answers corrected."""
        if raw is None:
            return (), (), ()
        if not isinstance(raw, Mapping):
            self.refuse(path, f"a {kind_of(raw)} instead of a mapping", "write 'finding: value'", "C002")
            return (), (), ()
        if len(raw) > FINDINGS_LIMIT:
            self.refuse(path, f"more than {FINDINGS_LIMIT} findings", "give the findings of one patient", "C009")
            raw = {key: value for key, value in raw.items() if key in self.knowledge.finding_by_id}
        recorded: dict[str, Recorded] = {}
        corrected: dict[str, Correction] = {}
        withdrawn: list[str] = []
        for key, value in raw.items():
            for name, part, place in self.sides(key, value, (*path, key)):
                item = self.recorded(name, part, place, day)
                if name in recorded or name in withdrawn or name in corrected:
                    self.refuse(place, "given twice", "keep one of the two values", "C007")
                    self.other(place, item)
                elif isinstance(item, Correction):
                    corrected[name] = item
                elif item is None:
                    withdrawn.append(name)
                else:
                    recorded[name] = item
        corrections = tuple(corrected[key] for key in sorted(corrected))
        return tuple(recorded[key] for key in sorted(recorded)), tuple(sorted(withdrawn)), corrections

    def other(self, path: Path, item: Recorded | Correction | None) -> None:
        """Keep a further value of a finding, by its moment: 0 for the first, 1 for the first step."""
        if isinstance(item, Recorded):
            self.others.setdefault((pointer_to(path)[1] or 0, item.finding), []).append(item)

    def again(self) -> None:
        """Read the further values of keys that were given more than once; each counts as a value of its finding."""
        self.silent = True
        for place, findings in repeated_findings(self.document.repeated):
            for item in self.findings(findings, place, None)[0]:
                self.other(place, item)

    def sides(self, key: Any, value: Any, path: Path) -> Iterable[tuple[str, Any, Path]]:
        """The finding ids a key stands for, each with its value."""
        known = self.knowledge.finding_by_id
        if key in known:
            return [(key, value, path)]
        if not isinstance(key, str) or f"{key}.left" not in known:
            self.unknown(key, path)
            return []
        if isinstance(value, Mapping) and value and set(value) <= set(SIDES):
            return [(f"{key}.{side}", value[side], (*path, side)) for side in value]
        if value is None or value is False:
            return [(f"{key}.{side}", value, path) for side in SIDES]
        self.refuse(path, "given without a side", "write {left: ..., right: ...}", "C005")
        return []

    def unknown(self, key: Any, path: Path) -> None:
        """A finding that no pack declares."""
        fix = self.nearest(key, self.knowledge.finding_by_id) if isinstance(key, str) else "write a decimal point, not a comma"
        self.refuse(path, f"unknown finding {key_text(key)}", fix, "C004")

    def recorded(self, name: str, raw: Any, path: Path, day: date | None) -> Recorded | Correction | None:
        """One value with who, when and how, or a correction; None where the value is unknown."""
        who: dict[str, Any] = {}
        corrects = False
        if isinstance(raw, Mapping) and raw and set(raw) <= set(SIDES):
            self.refuse(path, "given for a side, and has none", "write the value alone", "C005")
            return None
        if isinstance(raw, Mapping):
            self.keys(raw, VALUE_KEYS, path)
            if "value" not in raw:
                self.refuse(path, "no value", "write value: ...", "C005")
            who = {key: self.text(raw.get(key), (*path, key), TEXT_LIMIT) for key in ("recorded_by", "method", "note")}
            who["recorded_on"] = self.moment(raw.get("recorded_on"), (*path, "recorded_on"))
            corrects = self.corrects(raw.get("corrected", False), path)
            day = day if raw.get("recorded_on") is None else None
            raw = raw.get("value")
        who["recorded_on"] = who.get("recorded_on") or day
        finding = self.knowledge.finding_by_id[name]
        value = self.checked(finding, raw, path)
        if value is not None and not corrects:
            return _item(name, value, who)
        guess = meant(finding, raw) if value is None else value
        if guess is not None:  # of a refused case, a correction may be meant as a new answer
            self.other(path, _item(name, guess, who))
        return self.correction(name, value, who, path) if corrects else None

    def corrects(self, raw: Any, path: Path) -> bool:
        """Whether an answer sets a mistake of recording right."""
        if not isinstance(raw, bool):
            self.refuse((*path, "corrected"), "neither yes nor no", "write corrected: yes, or leave it out", "C005")
        return raw is True

    def correction(self, name: str, value: Value | None, who: Mapping[str, Any], path: Path) -> Correction:
        """A mistake of recording set right, with who and why."""
        for key, fix in (("recorded_by", "write recorded_by: who corrects it"), ("note", "write note: why it was a mistake")):
            if not who.get(key):
                self.refuse(path, f"a correction without {key}", fix, "C011")
        by, note = (who.get(key) or "?" for key in ("recorded_by", "note"))
        return Correction.model_construct(
            finding=name, value=value, recorded_on=who.get("recorded_on"), recorded_by=by, note=note
        )

    def checked(self, finding: Finding, raw: Any, path: Path) -> Value | None:
        """A value of the right type and inside the range; None for unknown or after a problem."""
        if raw is None or (raw == "unknown" and "unknown" not in finding.choices):
            return None
        if finding.type == "yes_no":
            if isinstance(raw, bool):
                return raw
            self.refuse(path, "neither yes nor no", YES_NO, "C005")
        elif finding.type == "choice":
            if isinstance(raw, str) and raw in finding.choices:
                return raw
            self.refuse(path, "not one of its choices", f"choose one of {', '.join(finding.choices)}", "C005")
        else:
            return self.number(finding, raw, path)
        return None

    def number(self, finding: Finding, raw: Any, path: Path) -> Value | None:
        """A finite number inside the range of its finding."""
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            hint = ", without quotes, a comma or other signs, such as 6.5" if isinstance(raw, str) else ""
            self.refuse(path, "not a number", f"write a number ({finding.unit}){hint}", "C005")
            return None
        low, high = finding.range or (raw, raw)
        if not (isinstance(raw, int) or math.isfinite(raw)) or not low <= raw <= high:
            self.refuse(path, "out of range", f"write {low} to {high} {finding.unit}", "C006")
            return None
        if finding.whole and raw != int(raw):
            self.refuse(path, "not a whole number", f"write whole {finding.unit}", "C006")
            return None
        return int(raw) if isinstance(raw, float) and raw.is_integer() else raw

    def text(self, raw: Any, path: Path, limit: int) -> str | None:
        """A short text without space around it; a plain whole number is taken as written."""
        if raw is None:
            return None
        if type(raw) is int and abs(raw) < WHOLE_LIMIT:
            raw = self.document.written.get(path, str(raw))
        if not isinstance(raw, str) or not raw.strip() or len(raw) > limit or not _can_be_written(raw):
            self.refuse(path, "no text, or too long", f"write 1 to {limit} characters", "C005")
            return None
        return raw.strip()

    def moment(self, raw: Any, path: Path) -> datetime | date | None:
        """A date, or a date with a time."""
        if isinstance(raw, datetime):
            offset = raw.utcoffset()
            if offset is None or WEST <= offset <= EAST:
                return raw
        elif raw is None or isinstance(raw, date):
            return raw
        elif isinstance(raw, str):
            try:
                return moment(raw)
            except ValueError:
                pass
        self.refuse(path, "not a date", "write YYYY-MM-DD", "C008")
        return None

    def day(self, raw: Any, path: Path) -> date | None:
        """A date without a time."""
        moment = self.moment(raw, path)
        return moment.date() if isinstance(moment, datetime) else moment


def _item(name: str, value: Value, who: Mapping[str, Any]) -> Recorded:
    return Recorded.model_construct(finding=name, value=value, **{"recorded_by": None, "method": None, "note": None, **who})


def kind_of(raw: Any) -> str:
    """The type of a value in a message."""
    return str(getattr(raw, "type", None) or type(raw).__name__)


def _can_be_written(text: str) -> bool:
    """Whether a text can be written out again: no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
