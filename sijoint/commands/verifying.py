"""Commands that gather evidence about the knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import FAILED, Packs, knowledge_from, reported

LIMIT = 20_000_000

Limit = Annotated[int, typer.Option(help="Solver steps for one question; the same limit gives the same answer.")]


def prove(
    packs: Packs = None,
    limit: Limit = LIMIT,
    second: Annotated[bool, typer.Option("--second-opinion", help="Let cvc5 check every proof again.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write every question as SMT-LIB into this folder.")] = None,
    examples: Annotated[Path | None, typer.Option(help="Write the smallest patient of every conclusion to this file.")] = None,
) -> None:
    """Prove every invariant for every patient, or show the patient who refutes it."""
    with reported():
        from ..verify import report
        from ..verify.prove import Prover, counted
        from ..verify.second import disagreements
        from ..verify.second import export as export_scripts

        knowledge = knowledge_from(packs)
        proofs = []
        for proof in Prover(knowledge, limit).proofs():
            proofs.append(proof)
            typer.echo(report.render_proof(proof, knowledge))
        if examples:
            examples.write_text(report.render_examples(proofs), encoding="utf-8")
        if export:
            typer.echo(f"{export_scripts(proofs, export)} questions written to {export}", err=True)
        differing = disagreements(proofs) if second else []
        for name in differing:
            typer.echo(f"the second solver does not prove {name}", err=True)
        if second:
            agreed = sum(proof.verdict == "proved" and bool(proof.script) for proof in proofs) - len(differing)
            typer.echo(f"cvc5 agrees with {agreed} of {agreed + len(differing)} proofs by solver")
        typer.echo(counted(proofs))
        if differing or any(proof.verdict != "proved" for proof in proofs):
            raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (prove,):
        app.command()(command)
