"""Flag states -> sentences: what raised a flag, what has become of it, and why a work-up does not count.

In: `FlagState` and `Words`. Out: text. Everything that is said about a flag over time is said here.
"""

from __future__ import annotations

from datetime import date, datetime

from ..engine.case import Recorded, Value
from ..knowledge.language import Flag
from .flags import FlagState, Raising, WorkUp
from .wording import Words

LACKS = {
    "unsigned": "does not count: nobody is named who recorded it",
    "undated": "does not count: it has no date",
    "not_later": "does not count: it is not surely later than the answer to",
}
CLOSES = "A changed answer closes nothing; a later, signed and dated work-up does, or the correction of a mistake of recording."


def flag_in_words(state: FlagState, flag: Flag, words: Words) -> str:
    """What has become of a flag, in a few sentences."""
    title = f"{flag.title} ({state.grade.replace('_', ' ')}), {state.state}"
    raised = f"raised {raised_by(state, words)}"
    if state.state == "corrected":
        return f"{title}: {raised}; {corrected(state, words)}."
    if state.state == "resolved":
        by = work_up_in_words(state.work_up, words) if state.work_up else words.conclusion(flag.resolved)
        return f"{title}: {raised}; resolved by {by}. Later symptoms reopen it."
    parts = [f"{title}: {raised}{changes(state, words)}."]
    if state.corrections:
        parts.append(f"{capital(corrected(state, words))}.")
    if any(item.changed for item in state.by):
        parts.append(CLOSES)
    if state.work_up:
        parts.append(f"{capital(work_up_in_words(state.work_up, words))} {why_not_counted(state.work_up, words)}.")
    return " ".join(parts)


def raised_by(state: FlagState, words: Words) -> str:
    """When a flag was raised and by which answers; each with its own day where they were given on several."""
    days = {day_text(item.recorded_on) for item in state.by}
    several = len(days) > 1
    on = "" if several else f"on {days.pop()} " if days - {""} else ""
    said = "; ".join(_raising(item, words, dated=several) for item in state.by)
    return f"{on}by {said}" if said else "at an earlier moment"


def _raising(item: Raising, words: Words, *, dated: bool) -> str:
    said = words.finding(item.finding) if item.value is None else words.recorded(item.finding, item.value)
    return f"{said} ({day_text(item.recorded_on)})" if dated and item.recorded_on else said


def changes(state: FlagState, words: Words) -> str:
    """How the answers that raised a flag stand now, where they were changed."""
    said = [f"{words.finding(item.finding)} now {_now(item.finding, item.since, words)}" for item in state.by if item.changed]
    return f"; {'; '.join(said)}" if said else ""


def _now(finding: str, value: Value | None, words: Words) -> str:
    if value is None:
        return "without an answer"
    return f"answered {_value(finding, value, words)}"


def _value(finding: str, value: Value, words: Words) -> str:
    """An answer in a word or two."""
    return ("yes" if value else "no") if isinstance(value, bool) else words.value(finding, value)


def corrected(state: FlagState, words: Words) -> str:
    """Who corrected the answers that raised a flag, when and why."""
    said = []
    for item in state.corrections:
        correction = item.correction
        value = correction.value
        becomes = "unknown" if value is None else _value(correction.finding, value, words)
        on = f" on {day_text(correction.recorded_on)}" if correction.recorded_on else ""
        name = words.finding(correction.finding)
        said.append(
            f"{name} corrected to {becomes}{on} by {correction.recorded_by}, as a mistake of recording: {correction.note}"
        )
    return "; ".join(said) or "corrected as a mistake of recording"


def work_up_in_words(work_up: WorkUp, words: Words) -> str:
    """A work-up with its day, how it was done and who recorded it."""
    parts = [work_up.method, f"recorded by {work_up.recorded_by}" if work_up.recorded_by else None]
    on = f" of {day_text(work_up.recorded_on)}" if work_up.recorded_on else ""
    said = ", ".join(part for part in parts if part)
    return f"{words.finding(work_up.finding)}{on}" + (f" ({said})" if said else "")


def why_not_counted(work_up: WorkUp, words: Words) -> str:
    """Why a work-up does not resolve its flag."""
    if work_up.lacks is None:
        return "does not resolve it"
    after = f" {words.finding(work_up.not_later_than)}" if work_up.not_later_than else ""
    day = f" of {day_text(work_up.answered_on)}" if work_up.answered_on else ""
    return f"{LACKS[work_up.lacks]}{after}{day}"


def note_in_words(item: Recorded, words: Words) -> str:
    """A note with the answer beside which it stands, and who recorded it when."""
    parts = [part for part in (item.recorded_by, day_text(item.dated) if item.dated else None) if part]
    by = f" ({', '.join(parts)})" if parts else ""
    answer = words.recorded(item.finding, item.value)
    return f'"{item.note}", beside the answer {answer}{by}. A note is not an answer; please ask again.'


def noted(item: Recorded) -> str:
    """The note beside an answer."""
    return f' (note: "{item.note}")' if item.note else ""


def moved_in_words(item: Recorded) -> str:
    """That a number moved on with time since it was given."""
    if item.moved_from is None or item.dated is None:
        return ""
    return f", given as {item.moved_from:g} on {day_text(item.dated)}"


def day_text(moment: date | datetime | None) -> str:
    """A day, or a time with its zone, as it was written."""
    if isinstance(moment, datetime):
        return moment.isoformat(sep=" ", timespec="minutes")
    return moment.isoformat() if moment else ""


def capital(text: str) -> str:
    """A text that starts a sentence."""
    return text[:1].upper() + text[1:]
