"""Commands that ask questions of an assessment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..printer import say, say_json, tell
from ..writer import WriteError, tried, write_text
from .common import INTERRUPTED, Packs, knowledge_from, refuse, reported

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..explain.assessment import Assessment
    from ..explain.session import Session
    from ..explain.wording import Words
    from ..knowledge.errors import Problem

CasePath = Annotated[Path, typer.Argument(help="A case in YAML or JSON (sijoint.case/1).")]
ConclusionId = Annotated[str, typer.Argument(help="The id of a conclusion.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Grade = Annotated[str | None, typer.Option("--grade", help="A grade of the conclusion; the weakest by default.")]
Depth = Annotated[int | None, typer.Option("--depth", min=1, help="How many conclusions deep to explain; all by default.")]


@contextmanager
def _asking(case: Path, packs: list[Path] | None) -> Iterator[Assessment]:
    """The assessment of a case; questions that cannot be asked become messages."""
    with reported():
        from ..front import assess, read_case
        from ..knowledge.errors import QuestionError

        knowledge = knowledge_from(packs)
        try:
            yield assess(read_case(case, knowledge, as_of=date.today()), knowledge=knowledge)
        except QuestionError as error:
            refuse(str(error))


def _print(found: Any, render: Callable[[Any, Words], str], assessment: Assessment, *, json: bool) -> None:
    """An answer as JSON or as words."""
    if json:
        say_json(_as_json(found))
        return
    from ..explain.wording import Words

    say(render(found, Words(assessment.knowledge)), end="")


def _as_json(found: BaseModel | tuple[BaseModel, ...]) -> str:
    from pydantic import TypeAdapter

    return TypeAdapter(Any).dump_json(found, indent=2).decode() + "\n"


def why(case: CasePath, conclusion: ConclusionId, depth: Depth = None, json: AsJson = False, packs: Packs = None) -> None:
    """Prove a conclusion: every rule that fired for it, down to findings, with sources."""
    from ..explain.analysis_text import render_proof

    with _asking(case, packs) as assessment:
        _print(assessment.why(conclusion, depth=depth), render_proof, assessment, json=json)


def why_not(
    case: CasePath, conclusion: ConclusionId, grade: Grade = None, depth: Depth = None, json: AsJson = False, packs: Packs = None
) -> None:
    """Say why a conclusion was not derived: each rule that could conclude it, nearest first, and what it is missing."""
    from ..explain.analysis_text import render_absence

    with _asking(case, packs) as assessment:
        _print(assessment.why_not(conclusion, grade, depth=depth), render_absence, assessment, json=json)


def what_if(
    case: CasePath,
    changes: Annotated[list[str], typer.Argument(help="finding=value, such as fever=yes; finding= makes it unknown.")],
    json: AsJson = False,
    packs: Packs = None,
) -> None:
    """Say what other answers would gain, lose and regrade."""
    from ..explain.analysis_text import render_shifts

    with _asking(case, packs) as assessment:
        _print(assessment.what_if(_changes(changes)), render_shifts, assessment, json=json)


def _changes(written: list[str]) -> dict[str, Any]:
    """Changes as they would stand in a case file."""
    from ..knowledge.errors import CaseError
    from ..knowledge.yaml_reader import read_yaml

    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for number, item in enumerate(written, 1):
        name, sign, value = item.partition("=")
        if not sign or name in found:
            refuse(f"change {number}: write finding=value, each finding once")
        document = read_yaml(value.encode(errors="surrogateescape"), f"change {number}", "C001", 10_000)
        problems += document.problems
        found[name] = document.value
    if problems:
        raise CaseError(problems)
    return found


def contrast(case: CasePath, a: ConclusionId, b: ConclusionId, json: AsJson = False, packs: Packs = None) -> None:
    """Say why one conclusion rather than another: only the findings that decide."""
    from ..explain.analysis_text import render_contrast

    with _asking(case, packs) as assessment:
        _print(assessment.contrast(a, b), render_contrast, assessment, json=json)


def counterfactuals(
    case: CasePath,
    conclusion: ConclusionId,
    to: Annotated[str, typer.Option("--to", help="holds, fails, changes, or a grade.")] = "holds",
    most: Annotated[int, typer.Option("--most", min=1, max=3, help="How many findings may change at once.")] = 3,
    only: Annotated[list[str] | None, typer.Option("--only", help="A finding that may change; repeatable.")] = None,
    json: AsJson = False,
    packs: Packs = None,
) -> None:
    """For auditors: find every smallest change of findings after which a conclusion holds, fails or has a grade."""
    from ..explain.analysis_text import render_counterfactuals

    with _asking(case, packs) as assessment:
        found = assessment.counterfactuals(conclusion, to, most=most, may_change=only)
        _print(found, render_counterfactuals, assessment, json=json)


def settled(case: CasePath, conclusion: ConclusionId, grade: Grade = None, json: AsJson = False, packs: Packs = None) -> None:
    """Say whether a conclusion is settled whatever else is answered, and what can still overturn it."""
    from ..explain.analysis_text import render_settled

    with _asking(case, packs) as assessment:
        _print(assessment.settled(conclusion, grade), render_settled, assessment, json=json)


def ask(
    case: CasePath,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many questions.")] = 3,
    json: AsJson = False,
    packs: Packs = None,
) -> None:
    """Say what to ask next, and what each answer would change."""
    from ..explain.analysis_text import render_questions

    with _asking(case, packs) as assessment:
        _print(assessment.next_questions(number), render_questions, assessment, json=json)


def arguments(case: CasePath, json: AsJson = False, packs: Packs = None) -> None:
    """Show for each candidate cause what speaks for it, against it, and what is unconfirmed."""
    from ..explain.analysis_text import render_arguments

    with _asking(case, packs) as assessment:
        _print(assessment.arguments(), render_arguments, assessment, json=json)


def interview(
    case: Annotated[Path | None, typer.Argument(help="A case to go on with.")] = None,
    save: Annotated[Path | None, typer.Option("--save", "-o", help="Write the case to this file (YAML).")] = None,
    packs: Packs = None,
) -> None:
    """Ask what matters next, show conclusions as they appear, and save the case."""
    with reported():
        from ..explain.session import Session
        from ..explain.wording import Words
        from ..front import read_case
        from ..interviewing import Interview

        tried(save)
        knowledge = knowledge_from(packs)
        start = read_case(case or {"case": "interview"}, knowledge, as_of=date.today())
        session = Session(start, knowledge=knowledge)
        try:
            Interview(session, Words(knowledge), _prompt, say).run()
        except KeyboardInterrupt:
            _save(session, save)
            tell("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except OSError:
            _save(session, save)
            raise
        _save(session, save)
        say(str(session.assessment), end="")


def _save(session: Session, path: Path | None) -> None:
    """Write what was told; where that fails, print it, so that no answer is lost."""
    if path is None:
        return
    try:
        write_text(path, session.to_yaml())
    except WriteError:
        say(session.to_yaml(), end="")
        raise
    tell(f"saved as {path}")


LONGEST_ANSWER = 10_000


def _prompt(question: str) -> str:
    """What the person types; the end of the input, or a line that never ends, finishes."""
    say(f"{question}: ", end="")
    line = sys.stdin.buffer.readline(LONGEST_ANSWER) if sys.stdin else b""
    if line.endswith(b"\n") or 0 < len(line) < LONGEST_ANSWER:
        return line.decode("utf-8", "replace").rstrip("\r\n")
    say("")
    return "q"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (why, why_not, what_if, contrast, counterfactuals, settled, ask, arguments, interview):
        app.command()(command)
