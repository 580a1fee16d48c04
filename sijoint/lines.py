"""A stream of lines, one case of JSON each -> one answer or one error for each, whatever the others hold.

In: an engine and a stream of bytes. Out: plain mappings in order, ready to be written as JSON. Kept between lines: a digest of
each name given to a case, so that two cases of one name are told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

from .engine.case_reader import read_case_json
from .engine.case_source import SIZE_LIMIT
from .engine.infer import Engine
from .explain.refusal import weighed
from .front import assess
from .knowledge.errors import CaseError, EngineError

UNNAMED = "case"


@dataclass
class Lines:
    """The answers of one stream, and what is to be said at its end: `same_name` pairs line numbers, the earlier one first."""

    engine: Engine
    total: int = 0
    refused: int = 0
    unanswered: int = 0
    same_name: list[tuple[int, int]] = field(default_factory=list)
    seen: dict[bytes, int] = field(default_factory=dict)

    def answers(self, stream: BinaryIO) -> Iterator[dict[str, Any]]:
        """One answer for each line that is not empty."""
        with stream:
            for number, line in enumerate(_bounded(stream), 1):
                if line.strip():
                    self.total += 1
                    yield self.answer(number, line)

    def answer(self, number: int, line: bytes) -> dict[str, Any]:
        """The answer to one line, or why there is none."""
        case = None
        try:
            with weighed(self.engine.knowledge):
                case = read_case_json(line, self.engine.knowledge, f"line {number}")
            assessment = assess(case, engine=self.engine)
        except CaseError as error:
            self.refused += 1
            return {"line": number, **self.named(number, error.case), **_refusal(error)}
        except EngineError as error:
            self.unanswered += 1
            return {"line": number, **self.named(number, case.case if case else None), "error": f"no answer: {error}"}
        return {
            "line": number,
            **self.named(number, assessment.case.case),
            "disposition": assessment.disposition,
            "conclusions": dict(assessment.grades),
            "fired": assessment.fired,
            "evaluators": assessment.inference.evaluators,
            "knowledge": assessment.inference.fingerprint,
        }

    def named(self, number: int, name: str | None) -> dict[str, Any]:
        """The name of a case, and the first line that gave the same one."""
        if name is None:
            return {}
        if name == UNNAMED:
            return {"case": name}
        first = self.seen.setdefault(sha256(name.encode()).digest()[:16], number)
        if first == number:
            return {"case": name}
        self.same_name.append((first, number))
        return {"case": name, "same_name_as_line": first}


def _refusal(error: CaseError) -> dict[str, Any]:
    urgent = error.urgent_among_readable
    found = urgent and {"tier": urgent.tier, "flags": [vars(flag) for flag in urgent.flags], "message": str(urgent)}
    more = {"more_problems": error.more} if error.more else {}
    return {"urgent_among_readable": found, "problems": [str(problem) for problem in error.problems], **more}


def _bounded(stream: BinaryIO) -> Iterator[bytes]:
    """Lines; of one that is longer than a case may be no more than shows it is."""
    while line := stream.readline(SIZE_LIMIT + 2):
        kept = line
        while line and not line.endswith(b"\n"):
            line = stream.readline(SIZE_LIMIT + 2)
        yield kept
