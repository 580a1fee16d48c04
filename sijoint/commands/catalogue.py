"""Commands that show and check the knowledge."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..knowledge.errors import KnowledgeError, QuestionError
from ..printer import say, say_json, tell
from .common import FAILED, Packs, knowledge_from, named, refuse, reported


def findings(packs: Packs = None) -> None:
    """List the vocabulary: every finding with its type, how it is obtained and its question."""
    with reported():
        from ..explain.catalogue import render_findings

        say(render_findings(knowledge_from(packs)), end="")


def rules(
    rule: Annotated[str | None, typer.Argument(help="A rule id, with or without its pack.")] = None, packs: Packs = None
) -> None:
    """List the rules, or print one rule in words with its source."""
    with reported():
        from ..explain.catalogue import render_rule, render_rules

        knowledge = knowledge_from(packs)
        if rule is None:
            say(render_rules(knowledge), end="")
            return
        try:
            say(render_rule(knowledge, rule), end="")
        except QuestionError as error:
            refuse(str(error))


def check(
    packs: Annotated[list[Path] | None, typer.Argument(help="Pack folders; the shipped packs by default.")] = None,
    release: Annotated[bool, typer.Option("--release", help="Also demand what a release needs: a complete card.")] = False,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which reviews are due.")] = None,
) -> None:
    """Check packs: load them, examine the rules, run the cases beside them, and report every mistake at once."""
    from ..engine.infer import Engine
    from ..engine.suite import run_suite
    from ..knowledge.card import card_problems
    from ..knowledge.lint import LINTS, lint
    from ..knowledge.loader import load_unsealed
    from ..verify.seal import fewer

    try:
        knowledge, unsealed = load_unsealed(*(packs or ()))
    except KnowledgeError as error:
        tell(str(error))
        raise typer.Exit(FAILED) from None
    with typer.progressbar(length=len(knowledge.cases) + len(LINTS), file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        problems = [*run_suite(named(knowledge), Engine(knowledge, ("compiled", "reference")), lambda: bar.update(1)).problems]
        problems += lint(knowledge, as_of.date() if as_of else None, lambda: bar.update(1))
    problems += [*unsealed, *fewer(knowledge)]
    problems += card_problems(knowledge) if release else []
    for problem in sorted(problems):
        tell(str(problem))
    counted = f"{len(knowledge.shown_rules)} rules, {len(knowledge.findings)} findings, {len(knowledge.cases)} cases"
    say(f"{counted}: {len(problems)} problems")
    if problems:
        tell("sijoint explain-code <code> says more")
        raise typer.Exit(FAILED)


def self_check() -> None:
    """Check that this installation is fit to answer: knowledge whole, evaluators agree, versions; one line for each."""
    from ..verify.self_check import self_check as run

    checks = tuple(run())
    for item in checks:
        say(str(item))
    if not all(item.passed for item in checks):
        raise typer.Exit(FAILED)


def coverage(packs: Packs = None) -> None:
    """Show where each statement of the document and each row of evidence is used."""
    with reported():
        from ..explain.catalogue import render_coverage

        text, complete = render_coverage(knowledge_from(packs))
        say(text, end="")
        if not complete:
            raise typer.Exit(FAILED)


def schema(which: Annotated[str, typer.Argument(help="case or assessment")] = "case") -> None:
    """Print a published JSON Schema."""
    from ..explain.schemas import schema_of

    try:
        say_json(schema_of(which))
    except QuestionError as error:
        refuse(str(error))


def program(packs: Packs = None) -> None:
    """Print the generated function of the compiled evaluator."""
    with reported():
        from ..engine.infer import engine_for

        say(engine_for(knowledge_from(packs), ("compiled",)).bitplane.source, end="")


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
