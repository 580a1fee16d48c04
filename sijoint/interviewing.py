"""The interview: asks what matters next, shows conclusions as they appear, and ends with a case that can be saved.

In: a `Session` and two functions that ask and say. Out: the session, with the answers told. It decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .engine.case import Value
from .explain.analysis_text import reasons_in_words, shift_in_words
from .explain.questions import NextQuestion
from .explain.session import Session
from .explain.what_if import Shifts
from .explain.wording import Words
from .knowledge.errors import CaseError
from .knowledge.language import Finding
from .knowledge.scalars import decimal_number

HELP = "answer, or: s skip, b back, ? why this is asked, q finish"
YES, NO = {"y", "yes"}, {"n", "no"}
SHOWN = 8


@dataclass(repr=False)
class Interview:
    """One run of questions and answers; `ask` returns what was typed, `say` prints a line."""

    session: Session
    words: Words
    ask: Callable[[str], str]
    say: Callable[[str], None]
    skipped: list[str] = field(default_factory=list)
    history: list[str | None] = field(default_factory=list)

    def run(self) -> None:
        """Ask until nothing that matters is left, or the person finishes."""
        self.say(HELP)
        while (item := self.next()) is not None:
            if not self.turn(item):
                return
        self.say("Nothing that matters is left to ask.")

    def next(self) -> NextQuestion | None:
        """The next question that was not skipped."""
        groups = self.session.next_questions(1, without=self.skipped)
        return groups[0].questions[0] if groups else None

    def turn(self, item: NextQuestion) -> bool:
        """One question until it is answered, skipped or taken back; False to finish."""
        finding = self.session.engine.knowledge.finding_by_id[item.finding]
        while True:
            typed = self.ask(f"{self.words.question(item.finding)} {self.form(finding)}").strip()
            if typed == "q":
                return False
            if typed == "s":
                self.skipped.append(item.finding)
                self.history.append(item.finding)
                return True
            if typed == "b":
                self.back()
                return True
            if typed == "?":
                self.explain(item)
            elif self.answered(finding, typed):
                return True

    def form(self, finding: Finding) -> str:
        """How an answer may be typed."""
        if finding.type == "yes_no":
            return "(y/n)"
        if finding.type == "choice":
            choices = (f"{place} {self.words.choice(finding.id, key)}" for place, key in enumerate(finding.choices, 1))
            return f"({'; '.join(choices)})"
        low, high = finding.range or (0, 0)
        return f"({low} to {high} {finding.unit})"

    def explain(self, item: NextQuestion) -> None:
        """Why a question is asked: its purpose, and what each answer would change."""
        purpose = self.words.purpose(item.finding)
        for line in (*((purpose,) if purpose else ()), *reasons_in_words(item, self.words)):
            self.say(f"  {line}")

    def answered(self, finding: Finding, typed: str) -> bool:
        """Tell an answer; False where it cannot be read."""
        value = read_answer(finding, typed)
        if value is None:
            self.say(f"  That cannot be read as an answer; {HELP}")
            return False
        try:
            shifts = self.session.tell({finding.id: value})
        except CaseError as error:
            self.say(f"  {error.problems[0].what}; {error.problems[0].fix}")
            return False
        self.history.append(None)
        self.show(shifts)
        return True

    def back(self) -> None:
        """Take the last answer or skip back."""
        if not self.history:
            self.say("  This is the first question.")
            return
        skipped = self.history.pop()
        if skipped is not None:
            self.skipped.remove(skipped)
        elif (shifts := self.session.back()) is not None:
            self.show(shifts)

    def show(self, shifts: Shifts) -> None:
        """What an answer newly concluded or withdrew, the urgency first."""
        if shifts.disposition_before != shifts.disposition_after:
            self.say(f"  urgency: {shifts.disposition_after.replace('_', ' ')}")
        for sign, items in (("+", (*shifts.gained, *shifts.regraded)), ("-", shifts.lost)):
            for item in items[:SHOWN]:
                self.say(f"  {sign} {shift_in_words(item, self.words)}")
            if len(items) > SHOWN:
                self.say(f"  {sign} and {len(items) - SHOWN} more")


def read_answer(finding: Finding, typed: str) -> Value | None:
    """A typed answer as a value; None where it is none.

    >>> read_answer(Finding(id="fever", type="yes_no", obtained_by="history", source=("P1",)), "Yes")
    True
    """
    typed = typed.strip().lower()
    if finding.type == "yes_no":
        return True if typed in YES else False if typed in NO else None
    if finding.type == "choice":
        if typed.isascii() and typed.isdigit() and 1 <= int(typed[:6]) <= len(finding.choices):
            return finding.choices[int(typed) - 1]
        return typed if typed in finding.choices else None
    try:
        value = decimal_number(typed)
    except ValueError:
        return None
    return int(value) if float(value).is_integer() else value
