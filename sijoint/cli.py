"""The command line: results on stdout, messages on stderr; exit status 0 done, 1 a check failed, 2 bad input.

In: arguments. Out: text or JSON. It holds no logic of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from .engine.case import Case
from .knowledge.errors import CaseError, EngineError, KnowledgeError
from .knowledge.language import KnowledgeBase

FAILED, BAD_INPUT = 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

Packs = Annotated[
    list[Path] | None, typer.Option("--packs", "-p", help="Pack folders to use in place of the shipped ones; repeatable.")
]


def main() -> None:
    """Run the command line."""
    app()


@contextmanager
def _reported() -> Iterator[None]:
    """Turn errors of input into a message and an exit status."""
    try:
        yield
    except (CaseError, KnowledgeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_INPUT) from None
    except EngineError as error:
        typer.echo(f"no answer: {error}", err=True)
        raise typer.Exit(FAILED) from None


def _knowledge(packs: list[Path] | None) -> KnowledgeBase:
    from .knowledge.loader import load_knowledge

    return load_knowledge(*(packs or ()))


@app.callback()
def sijoint() -> None:
    """Explainable rules for sacroiliac joint pain: supports a clinician, does not replace an examination."""


@app.command()
def assess(
    case: Annotated[Path, typer.Argument(help="A case in YAML or JSON (sijoint.case/1).")],
    json: Annotated[bool, typer.Option("--json", help="Print the whole assessment as JSON.")] = False,
    why: Annotated[str | None, typer.Option(help="Print the proof of one conclusion.")] = None,
    packs: Packs = None,
) -> None:
    """Assess one case and print the explained answer."""
    with _reported():
        from .engine.case_reader import read_case
        from .front import assess as assess_case

        knowledge = _knowledge(packs)
        assessment = assess_case(_dated(read_case(case, knowledge)), knowledge=knowledge)
        if why is not None:
            from .explain.justification import NotDerivedError
            from .explain.text import render_why

            try:
                typer.echo(render_why(assessment, why), nl=False)
            except NotDerivedError as error:
                typer.echo(str(error), err=True)
                raise typer.Exit(BAD_INPUT) from None
            return
        typer.echo(assessment.to_json() if json else str(assessment), nl=False)


def _dated(case: Case) -> Case:
    """The case with today as its date where it has none; the date becomes part of the recorded input."""
    return case if case.as_of else case.model_copy(update={"as_of": date.today()})


@app.command()
def findings(packs: Packs = None) -> None:
    """List the vocabulary: every finding with its type, how it is obtained and its question."""
    with _reported():
        from .explain.catalogue import render_findings

        typer.echo(render_findings(_knowledge(packs)), nl=False)


@app.command()
def rules(
    rule: Annotated[str | None, typer.Argument(help="A rule id, with or without its pack.")] = None, packs: Packs = None
) -> None:
    """List the rules, or print one rule in words with its source."""
    with _reported():
        from .explain.catalogue import render_rule, render_rules

        knowledge = _knowledge(packs)
        if rule is None:
            typer.echo(render_rules(knowledge), nl=False)
            return
        try:
            typer.echo(render_rule(knowledge, rule), nl=False)
        except KeyError as error:
            typer.echo(str(error.args[0]), err=True)
            raise typer.Exit(BAD_INPUT) from None


@app.command()
def check(packs: Annotated[list[Path] | None, typer.Argument(help="Pack folders; the shipped packs by default.")] = None) -> None:
    """Check packs: load them, run the cases beside the rules, and report every mistake at once."""
    from .engine.infer import Engine
    from .engine.suite import run_suite
    from .knowledge.loader import load_knowledge

    try:
        knowledge = load_knowledge(*(packs or ()))
    except KnowledgeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    suite = run_suite(knowledge, Engine(knowledge, ("compiled", "reference")))
    for problem in sorted(suite.problems):
        typer.echo(str(problem), err=True)
    counted = f"{len(knowledge.rules)} rules, {len(knowledge.findings)} findings, {len(knowledge.cases)} cases"
    typer.echo(f"{counted}: {len(suite.problems)} problems")
    if suite.problems:
        raise typer.Exit(FAILED)


@app.command()
def coverage(packs: Packs = None) -> None:
    """Show where each statement of the document and each row of evidence is used."""
    with _reported():
        from .explain.catalogue import render_coverage

        text, complete = render_coverage(_knowledge(packs))
        typer.echo(text, nl=False)
        if not complete:
            raise typer.Exit(FAILED)


@app.command()
def schema(which: Annotated[str, typer.Argument(help="case or assessment")] = "case") -> None:
    """Print a published JSON Schema."""
    from .explain.schemas import schema_of

    try:
        typer.echo(schema_of(which), nl=False)
    except KeyError as error:
        typer.echo(str(error.args[0]), err=True)
        raise typer.Exit(BAD_INPUT) from None


@app.command()
def program(packs: Packs = None) -> None:
    """Print the generated function of the compiled evaluator."""
    with _reported():
        from .engine.infer import engine_for

        typer.echo(engine_for(_knowledge(packs), ("compiled",)).bitplane.source, nl=False)


if __name__ == "__main__":
    sys.exit(main())
