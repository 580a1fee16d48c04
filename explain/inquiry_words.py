"""Answers, changes and their effects in words: for questions, counterfactuals and settled states.

In: answers and shifts as data, and `Words`. Out: phrases.
"""

from __future__ import annotations

from ..knowledge.items import NO_FLAG, NO_OPEN_FLAG, NOT_DETERMINED, URGENCY
from .answers import Answer
from .counterfactual import Change, ChangeSet
from .questions import NextQuestion
from .settled import Settled
from .what_if import Shifts
from .wording import Words, number

TIERS = {
    NOT_DETERMINED: "urgency not determined",
    NO_FLAG: "no flag among the answers given",
    NO_OPEN_FLAG: "no flag open any more",
}
STATES = {
    "always": "holds whatever the open answers turn out to be",
    "never": "cannot hold whatever the open answers turn out to be",
    "open": "open; these answers can still turn it",
    "open_not_decided": "open, not decided; these answers may still turn it",
}


def tier(disposition: str | None) -> str:
    """An urgency in words."""
    return TIERS.get(disposition or NOT_DETERMINED) or str(disposition).replace("_", " ")


def answer_in_words(answer: Answer, words: Words) -> str:
    """A known value, for a number the interval that it stands for."""
    if answer.low is None or answer.high is None:
        return words.recorded(answer.finding, answer.value)
    label, unit = words.finding(answer.finding), words.knowledge.finding_by_id[answer.finding].unit
    if answer.low == answer.high:
        return f"{label}: {number(answer.low)} {unit}"
    low = f"more than {number(answer.low)}" if answer.low_open else number(answer.low)
    high = f"less than {number(answer.high)}" if answer.high_open else number(answer.high)
    return f"{label}: {low} to {high} {unit}"


def change_in_words(change: Change, words: Words) -> str:
    """A finding answered otherwise than it stands; what lies in the past can only be asked again."""
    after = answer_in_words(change, words) + (", recorded by name and later than the symptoms" if change.signed else "")
    if change.before is None:
        return f"{after} (not recorded now)"
    again = "on asking again " if change.re_ask else ""
    return f"{again}{after} (now: {words.recorded(change.finding, change.before)})"


def set_in_words(item: ChangeSet, words: Words) -> str:
    """Changes that take effect together."""
    return "; and ".join(change_in_words(change, words) for change in item.changes)


def shifts_in_words(shifts: Shifts, words: Words) -> str:
    """What an answer would change that a clinician acts on, the urgency first; empty where it changes nothing of the sort."""
    if shifts.disposition_after != shifts.disposition_before:
        return tier(shifts.disposition_after)
    kinds = words.knowledge.kind_by_id
    found = []
    for shift in shifts.all:
        kind = kinds[words.knowledge.conclusion_by_id[shift.conclusion].kind]
        if shift.conclusion != URGENCY and (kind.headline or kind.candidates or kind.actionable):
            found.append(
                words.graded(shift.conclusion, shift.after) if shift.after else f"no longer {words.conclusion(shift.conclusion)}"
            )
    if len(found) > 2:
        return f"{found[0]}, {found[1]} and {len(found) - 2} more"
    return " and ".join(found)


def effects_in_words(question: NextQuestion, words: Words) -> str:
    """What each answer of a question would change; answers alike in effect are left to the first of them."""
    nothing = "one answer nearer" if question.level in {"screen", "nearer"} else "nothing by itself"
    said: dict[str, str] = {}
    for effect in question.effects:
        value = effect.answer.value
        name = "yes" if value is True else "no" if value is False else answer_in_words(effect.answer, words)
        said.setdefault(shifts_in_words(effect.shifts, words) or nothing, name)
    return "; ".join(f"{name}: {change}" for change, name in said.items())


def settled_in_words(item: Settled) -> str:
    """A settled state in words."""
    return STATES[item.state]
