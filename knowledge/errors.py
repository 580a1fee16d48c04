"""What can go wrong, as data: a mistake in, one readable message with every mistake out.

- SijointError
  - ProblemsError: lists every problem found
    - KnowledgeError: the author's; a pack cannot be used as written
    - CaseError: the caller's; a case cannot be assessed as given
  - EngineError: ours; no answer is better than a wrong one
    - EvaluatorDisagreement: two evaluators gave different answers for one case
  - QuestionError, a KeyError: the question's; nothing was answered
    - AskedError: it names what the knowledge does not declare
    - NotDerivedError: why was asked of a conclusion that was not derived
    - DerivedError: why not was asked of a conclusion that was derived
  - RowError, an IndexError: a row that a table does not have
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

LISTED = 100


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where it stands, what is wrong, why it matters and how to fix it.

    `pointer` is the place as JSON pointer (RFC 6901) where there is one; `step` the later step of a case, 1 for the first.

    >>> print(Problem("findings.yaml", 3, "finding fever", "wrong type", "it cannot be read", "write yes", "K004"))
    findings.yaml:3: finding fever: wrong type; it cannot be read; write yes. [K004]
    """

    file: str
    line: int
    item: str
    what: str
    why: str
    fix: str
    code: str
    pointer: str = ""
    step: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        end = "" if self.fix.endswith("?") else "."
        return f"{place}: {self.item}: {self.what}; {self.why}; {self.fix}{end} [{self.code}]"


class SijointError(Exception):
    """Base of every error that this library raises on purpose."""


class ProblemsError(SijointError):
    """An error that carries every problem found, in file order; the message lists at most 100 and counts the rest.

    `more` counts problems that were found and not kept.
    """

    heading = "problem"
    subject = "the input"

    def __init__(self, problems: Iterable[Problem], *, more: int = 0) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        self.more = more
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        count = len(self.problems) + self.more
        lines = [f"{count} {self.heading}{'' if count == 1 else 's'} in {self.subject}:"]
        lines += [f"  {problem}" for problem in self.problems[:LISTED]]
        return [*lines, f"  and {count - LISTED} more"] if count > LISTED else lines

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.problems, {"more": self.more})


def _again(kind: type[ProblemsError], problems: Iterable[Problem], rest: dict[str, Any]) -> ProblemsError:
    """The error as it was before it was pickled."""
    return kind(problems, **rest)


class KnowledgeError(ProblemsError):
    """The knowledge cannot be used as written; nothing was loaded."""

    heading = "mistake"
    subject = "the knowledge"


@dataclass(frozen=True)
class RaisedFlag:
    """A conclusion on which the urgency rests, in the words of the knowledge."""

    conclusion: str
    words: str


@dataclass(frozen=True)
class UrgentAmongReadable:
    """The strongest tier that the readable answers of a refused case raise, and the flags it rests on."""

    tier: str
    flags: tuple[RaisedFlag, ...]

    def __str__(self) -> str:
        named = "; ".join(flag.words for flag in self.flags)
        return f"{self.tier.upper()} among the answers that could be read{f': {named}' if named else ''}. Act on it first."


class CaseError(ProblemsError):
    """The case cannot be assessed as given; nothing was assessed.

    `case` is its name where one could be read. `urgent_among_readable` is the emergency or urgent flag that the readable
    answers raise, and is said first; None where they raise none, which says nothing about the patient.
    """

    subject = "the case"

    def __init__(
        self,
        problems: Iterable[Problem],
        *,
        more: int = 0,
        case: str | None = None,
        urgent: UrgentAmongReadable | None = None,
        weighed: bool = False,
        readable: tuple[Any, ...] = (),
    ) -> None:
        self.case, self.urgent_among_readable, self.weighed = case, urgent, weighed
        self.readable = readable  # the cases that could be read; never shown, and dropped once they were weighed
        super().__init__(problems, more=more)

    def _lines(self) -> list[str]:
        lines = super()._lines()
        if self.urgent_among_readable:
            return [str(self.urgent_among_readable), *lines]
        return [*lines, NOTHING_URGENT] if self.weighed else lines

    def weighed_as(self, urgent: UrgentAmongReadable | None) -> CaseError:
        """This error, with what the readable answers raise."""
        return type(self)(self.problems, more=self.more, case=self.case, urgent=urgent, weighed=True)

    def __reduce__(self) -> tuple[object, ...]:
        rest = {"more": self.more, "case": self.case, "urgent": self.urgent_among_readable, "weighed": self.weighed}
        return _again, (type(self), self.problems, rest)


NOTHING_URGENT = "The answers that could be read raise no emergency or urgent flag; nothing may be concluded from that."


class EngineError(SijointError):
    """A fault of the engine itself; there is no answer."""


class EvaluatorDisagreement(EngineError):  # noqa: N818 - the name says what happened
    """Two evaluators answered one case differently: both results, and a case that reproduces it."""

    def __init__(self, results: dict[str, object], case_yaml: str) -> None:
        self.results = results
        self.case_yaml = case_yaml
        names = " and ".join(sorted(results))
        super().__init__(f"{names} disagree about this case; no answer is given (both results are in .results)")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.results, self.case_yaml)


class QuestionError(SijointError, KeyError):
    """A question that has no answer as asked; the message says how to ask."""

    __str__ = Exception.__str__


class AskedError(QuestionError):
    """A question about a conclusion, grade, goal, rule or code that is not declared."""


class NotDerivedError(QuestionError):
    """The conclusion was not derived, or no pack declares it; ask why it was not."""


class DerivedError(QuestionError):
    """The conclusion was derived, so that there is no absence to explain; ask why it was."""


class RowError(SijointError, IndexError):
    """A row that a table does not have."""


def nearest(name: str, known: Sequence[str] | Iterable[str]) -> str:
    """The advice that names the closest known id, or how to list them.

    >>> nearest("one_side_pain", ["one_sided_pain", "fever"])
    'did you mean one_sided_pain?'
    """
    close = get_close_matches(name[:80], sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else "check the spelling against the declared ids"


def printable(text: str, limit: int = 60) -> str:
    r"""A text cut short, with every character that steers a terminal or cannot be written out escaped.

    >>> print(printable("a\x1bb"))
    a\x1bb
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[:limit])


def key_text(key: Any, limit: int = 60) -> str:
    """A key of a mapping as it can be shown, whatever it is."""
    if isinstance(key, str):
        return printable(key, limit)
    if key is None or (isinstance(key, bool | int | float) and abs(key) < 10**30):
        return str(key)
    return f"a {type(key).__name__}"


def pointer_to(path: Sequence[Any]) -> tuple[str, int | None]:
    """A path as JSON pointer, and the number of the step of a case that it lies in.

    >>> pointer_to(("steps", 1, "findings", "a/b"))
    ('/steps/1/findings/a~1b', 2)
    """
    parts = (key_text(part, 200).replace("~", "~0").replace("/", "~1") for part in path)
    inside = len(path) > 1 and path[0] == "steps" and type(path[1]) is int
    return "".join(f"/{part}" for part in parts), path[1] + 1 if inside else None
