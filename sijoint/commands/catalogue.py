"""Commands that show and check the knowledge."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..knowledge.errors import KnowledgeError
from .common import BAD_INPUT, FAILED, Packs, knowledge_from, named, reported


def findings(packs: Packs = None) -> None:
    """List the vocabulary: every finding with its type, how it is obtained and its question."""
    with reported():
        from ..explain.catalogue import render_findings

        typer.echo(render_findings(knowledge_from(packs)), nl=False)


def rules(
    rule: Annotated[str | None, typer.Argument(help="A rule id, with or without its pack.")] = None, packs: Packs = None
) -> None:
    """List the rules, or print one rule in words with its source."""
    with reported():
        from ..explain.catalogue import render_rule, render_rules

        knowledge = knowledge_from(packs)
        if rule is None:
            typer.echo(render_rules(knowledge), nl=False)
            return
        try:
            typer.echo(render_rule(knowledge, rule), nl=False)
        except KeyError as error:
            typer.echo(str(error.args[0]), err=True)
            raise typer.Exit(BAD_INPUT) from None


def check(
    packs: Annotated[list[Path] | None, typer.Argument(help="Pack folders; the shipped packs by default.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Also demand what a release needs: a complete card.")] = False,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which reviews are due.")] = None,
) -> None:
    """Check packs: load them, examine the rules, run the cases beside them, and report every mistake at once."""
    from ..engine.infer import Engine
    from ..engine.suite import run_suite
    from ..knowledge.card import card_problems
    from ..knowledge.lint import lint
    from ..knowledge.loader import load_unsealed
    from ..verify.seal import fewer

    try:
        knowledge, unsealed = load_unsealed(*(packs or ()))
    except KnowledgeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    problems = [*run_suite(named(knowledge), Engine(knowledge, ("compiled", "reference"))).problems, *unsealed, *fewer(knowledge)]
    problems += lint(knowledge, as_of.date() if as_of else None)
    problems += card_problems(knowledge) if release else []
    for problem in sorted(problems):
        typer.echo(str(problem), err=True)
    counted = f"{len(knowledge.rules)} rules, {len(knowledge.findings)} findings, {len(knowledge.cases)} cases"
    typer.echo(f"{counted}: {len(problems)} problems")
    if problems:
        typer.echo("sijoint explain-code <code> says more", err=True)
        raise typer.Exit(FAILED)


def self_check() -> None:
    """Check that this installation is fit to answer: knowledge whole, evaluators agree, versions; one line for each."""
    from ..verify.self_check import self_check as run

    checks = tuple(run())
    for item in checks:
        typer.echo(str(item))
    if not all(item.passed for item in checks):
        raise typer.Exit(FAILED)


def coverage(packs: Packs = None) -> None:
    """Show where each statement of the document and each row of evidence is used."""
    with reported():
        from ..explain.catalogue import render_coverage

        text, complete = render_coverage(knowledge_from(packs))
        typer.echo(text, nl=False)
        if not complete:
            raise typer.Exit(FAILED)


def schema(which: Annotated[str, typer.Argument(help="case or assessment")] = "case") -> None:
    """Print a published JSON Schema."""
    from ..explain.schemas import schema_of

    try:
        typer.echo(schema_of(which), nl=False)
    except KeyError as error:
        typer.echo(str(error.args[0]), err=True)
        raise typer.Exit(BAD_INPUT) from None


def program(packs: Packs = None) -> None:
    """Print the generated function of the compiled evaluator."""
    with reported():
        from ..engine.infer import engine_for

        typer.echo(engine_for(knowledge_from(packs), ("compiled",)).bitplane.source, nl=False)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (
        findings,
        rules,
        check,
        self_check,
        coverage,
        schema,
        program,
    ):
        app.command()(command)
