"""Commands that gather evidence about the knowledge."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..knowledge.errors import KnowledgeError, Problem
from ..knowledge.language import KnowledgeBase
from ..printer import say, tell
from ..writer import tried, tried_folder, write_text
from .common import FAILED, Packs, named, refuse, reported

LIMIT = 20_000_000

Limit = Annotated[int, typer.Option(help="Solver steps for one question; the same limit gives the same answer.")]


def _whole(packs: list[Path] | None) -> KnowledgeBase:
    """The knowledge with the cases beside its rules."""
    from ..knowledge.loader import load_knowledge

    return named(load_knowledge(*(packs or ())))


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

        tried(examples)
        tried_folder(export)
        knowledge = _whole(packs)
        proofs = []
        for proof in Prover(knowledge, limit).proofs():
            proofs.append(proof)
            say(report.render_proof(proof, knowledge))
        if examples:
            write_text(examples, report.render_examples(proofs))
        if export:
            tell(f"{export_scripts(proofs, export)} questions written to {export}")
        differing = disagreements(proofs) if second else []
        for name in differing:
            tell(f"the second solver does not prove {name}")
        if second:
            agreed = sum(proof.verdict == "proved" and bool(proof.script) for proof in proofs) - len(differing)
            say(f"cvc5 agrees with {agreed} of {agreed + len(differing)} proofs by solver")
        say(counted(proofs))
        if differing or any(proof.verdict != "proved" for proof in proofs):
            raise typer.Exit(FAILED)


def explain_code(code: Annotated[str, typer.Argument(help="The code at the end of a message, such as K012.")]) -> None:
    """Explain a code on one page: what it means, why it matters, how to fix it."""
    from ..knowledge.errors import QuestionError
    from ..knowledge.explained import explain_code as explain

    try:
        say(explain(code), end="")
    except QuestionError as error:
        refuse(str(error))


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

        tried(html)
        knowledge = _whole(packs)
        clauses = clauses_of(knowledge, [lane.case for lane in suite_lanes(knowledge)])
        if html:
            write_text(html, render_clauses(knowledge, clauses))
        if mcdc:
            say(write_cases(missing_cases(knowledge, () if every else clauses, limit)), end="")
        decided = sum(clause.decided for clause in clauses)
        (tell if mcdc else say)(f"{decided} of {len(clauses)} clauses decided both ways")


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
        from ..verify.seal import fewer

        tried(write)
        knowledge = _whole(packs)
        score = run(knowledge, limit, 0 if write else shown)
        if write:
            write_text(write, write_cases(killing_cases(knowledge, score, limit)))
        for fate in score.survivors:
            say(render_fate(fate))
        equivalent = len(score.fates) - score.counted
        say(f"{len(score.fates)} mutants, {equivalent} of them equivalent to the original for every patient")
        say(str(score))
        noticed = notice(knowledge)
        for fault in noticed.survivors:
            say(f"{fault.kind}, not noticed: {fault}")
        say(str(noticed))
        gone = fewer(knowledge)
        for problem in gone:
            tell(str(problem))
        if gone or min(score.percent, noticed.percent) < least:
            raise typer.Exit(FAILED)


def diff(
    old: Annotated[Path, typer.Argument(help="A pack folder, or a folder of packs.")],
    new: Annotated[Path, typer.Argument(help="The same, changed.")],
    case: Annotated[list[Path] | None, typer.Option(help="Case files to count over; repeatable.")] = None,
    drawn: Annotated[int, typer.Option("--random", help="How many random cases to count over.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the random cases.")] = 0,
    limit: Limit = LIMIT,
) -> None:
    """Show everything that changed between two versions, and exactly which patients change."""
    with reported():
        from ..engine.infer import Engine
        from ..front import read_case
        from ..verify.compare import compare
        from ..verify.report import render_comparison

        before, after = _whole(_packs_in(old)), _whole(_packs_in(new))
        given = [read_case(path, after) for path in case or ()]
        engine = Engine(after, ("compiled",))
        comparison = compare(before, after, [engine.infer_moments(item)[-1].case for item in given], drawn, seed, limit)

        say(render_comparison(comparison), end="")
        if not comparison.unchanged:
            raise typer.Exit(FAILED)


def _packs_in(folder: Path) -> list[Path]:
    """The folder if it is a pack, else every pack in it.

    Raises:
        KnowledgeError: there is no pack.
    """
    packs = [folder] if (folder / "pack.yaml").is_file() else sorted(path.parent for path in folder.glob("*/pack.yaml"))
    if not packs:
        what = "there is no pack in it" if folder.is_dir() else "no such folder"
        fix = "name a folder that holds pack.yaml, or a folder of such folders"
        raise KnowledgeError([Problem(folder.name, 0, "folder", what, "there is nothing to compare", fix, "K002")])
    return packs


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

        tried_folder(folder)
        certificate = run(_whole(packs), as_of.date(), limit)
        path = folder / f"{certificate.fingerprint[:12]}-{certificate.as_of.isoformat()}.json"
        write_text(path, certificate.to_json())
        write_text(path.with_suffix(".html"), render_certificate(certificate))
        say(f"{certificate.name}: {path}")
        say(f"{certificate.proved}; {certificate.mutation}; {certificate.case_problems} cases fail")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (prove, explain_code, cases, mutate, diff, certify):
        app.command()(command)
