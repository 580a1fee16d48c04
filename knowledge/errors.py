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


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where it stands, what is wrong, why it matters and how to fix it.

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

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        end = "" if self.fix.endswith("?") else "."
        return f"{place}: {self.item}: {self.what}; {self.why}; {self.fix}{end} [{self.code}]"


class SijointError(Exception):
    """Base of every error that this library raises on purpose."""


class ProblemsError(SijointError):
    """An error that carries every problem found, in file order; the message lists them all."""

    heading = "problem"
    subject = "the input"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        count = len(self.problems)
        plural = "" if count == 1 else "s"
        super().__init__("\n".join([f"{count} {self.heading}{plural} in {self.subject}:", *(f"  {p}" for p in self.problems)]))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,)


class KnowledgeError(ProblemsError):
    """The knowledge cannot be used as written; nothing was loaded."""

    heading = "mistake"
    subject = "the knowledge"


class CaseError(ProblemsError):
    """The case cannot be assessed as given; nothing was assessed."""

    subject = "the case"


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
