"""Commands that gather evidence about the knowledge."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..knowledge.language import KnowledgeBase
from .common import BAD_INPUT, FAILED, Packs, reported

LIMIT = 20_000_000

Limit = Annotated[int, typer.Option(help="Solver steps for one question; the same limit gives the same answer.")]


def _whole(packs: list[Path] | None) -> KnowledgeBase:
    """The knowledge with the cases beside its rules."""
    from ..knowledge.loader import load_knowledge

    return load_knowledge(*(packs or ()))


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

        knowledge = _whole(packs)
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


def explain_code(code: Annotated[str, typer.Argument(help="The code at the end of a message, such as K012.")]) -> None:
    """Explain a code on one page: what it means, why it matters, how to fix it."""
    from ..knowledge.explained import explain_code as explain

    try:
        typer.echo(explain(code), nl=False)
    except KeyError as error:
        typer.echo(str(error.args[0]), err=True)
        raise typer.Exit(BAD_INPUT) from None


def cases(
    packs: Packs = None,
    mcdc: Annotated[bool, typer.Option("--mcdc", help="Write the cases in which each test decides alone, for review.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Also those that the cases beside the rules already show.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page of the clauses that no case decides both ways.")] = None,
    limit: Limit = LIMIT,
) -> None:
    """Show how far the cases beside the rules decide every clause, and write those that are missing."""
    with reported():
        from ..verify.certify import render_clauses
        from ..verify.decisive import clauses_of
        from ..verify.lanes import suite_lanes
        from ..verify.mcdc import missing_cases, write_cases

        knowledge = _whole(packs)
        clauses = clauses_of(knowledge, [lane.case for lane in suite_lanes(knowledge)])
        if html:
            html.write_text(render_clauses(knowledge, clauses), encoding="utf-8")
        if mcdc:
            typer.echo(write_cases(missing_cases(knowledge, () if every else clauses, limit)), nl=False)
        decided = sum(clause.decided for clause in clauses)
        typer.echo(f"{decided} of {len(clauses)} clauses decided both ways", err=mcdc)


def mutate(
    packs: Packs = None,
    limit: Limit = LIMIT,
    shown: Annotated[int, typer.Option(help="How many survivors are given a patient who would kill them.")] = 25,
    write: Annotated[Path | None, typer.Option(help="Write a case that kills each survivor to this file, for review.")] = None,
    least: Annotated[float, typer.Option(help="Fail below this percentage.")] = 98.0,
) -> None:
    """Plant every small fault in the knowledge, one at a time, and count how many the cases, invariants and checks notice."""
    with reported():
        from ..verify.faults import notice
        from ..verify.mcdc import write_cases
        from ..verify.mutate import killing_cases
        from ..verify.mutate import mutate as run
        from ..verify.report import render_fate

        knowledge = _whole(packs)
        score = run(knowledge, limit, 0 if write else shown)
        if write:
            write.write_text(write_cases(killing_cases(knowledge, score, limit)), encoding="utf-8")
        for fate in score.survivors:
            typer.echo(render_fate(fate))
        equivalent = len(score.fates) - score.counted
        typer.echo(f"{len(score.fates)} mutants, {equivalent} of them equivalent to the original for every patient")
        typer.echo(str(score))
        noticed = notice(knowledge)
        for fault in noticed.survivors:
            typer.echo(f"{fault.kind}, not noticed: {fault}")
        typer.echo(str(noticed))
        if min(score.percent, noticed.percent) < least:
            raise typer.Exit(FAILED)


def diff(
    old: Annotated[Path, typer.Argument(help="A pack folder, or a folder of packs.")],
    new: Annotated[Path, typer.Argument(help="The same, changed.")],
    case: Annotated[list[Path] | None, typer.Option(help="Case files to count over; repeatable.")] = None,
    drawn: Annotated[int, typer.Option("--random", help="How many random cases to count over.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the random cases.")] = 0,
    limit: Limit = LIMIT,
) -> None:
    """Show which rules changed between two versions, and exactly which patients change."""
    with reported():
        from ..engine.case_reader import read_case
        from ..verify.compare import compare
        from ..verify.report import render_comparison

        before, after = _whole(_packs_in(old)), _whole(_packs_in(new))
        given = [read_case(path, after) for path in case or ()]
        comparison = compare(before, after, [item.moments()[-1] for item in given], drawn, seed, limit)
        typer.echo(render_comparison(comparison), nl=False)
        if not comparison.unchanged:
            raise typer.Exit(FAILED)


def _packs_in(folder: Path) -> list[Path]:
    """The folder if it is a pack, else every pack in it."""
    return [folder] if (folder / "pack.yaml").is_file() else sorted(path.parent for path in folder.glob("*/pack.yaml"))


def certify(
    folder: Annotated[Path, typer.Argument(help="Folder for the certificate.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day that the certificate bears.")],
    packs: Packs = None,
    limit: Limit = LIMIT,
) -> None:
    """Run every check and write one certificate, as JSON and HTML."""
    with reported():
        from ..verify.certify import certify as run
        from ..verify.certify import render_certificate

        certificate = run(_whole(packs), as_of.date(), limit)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{certificate.fingerprint[:12]}-{certificate.as_of.isoformat()}.json"
        path.write_text(certificate.to_json(), encoding="utf-8")
        path.with_suffix(".html").write_text(render_certificate(certificate), encoding="utf-8")
        typer.echo(f"{certificate.name}: {path}")
        typer.echo(f"{certificate.proved}; {certificate.mutation}; {certificate.case_problems} cases fail")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (prove, explain_code, cases, mutate, diff, certify):
        app.command()(command)
