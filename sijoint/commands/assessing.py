"""Commands that assess cases."""

from __future__ import annotations

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..printer import say, say_json
from .common import Packs, knowledge_from, refuse, reported


class Audience(StrEnum):
    """For whom a text is written."""

    CLINICIAN = "clinician"
    PATIENT = "patient"
    AUDITOR = "auditor"


def assess(
    case: Annotated[Path, typer.Argument(help="A case in YAML or JSON (sijoint.case/1).")],
    json: Annotated[bool, typer.Option("--json", help="Print the whole assessment as JSON.")] = False,
    why: Annotated[str | None, typer.Option(help="Print the proof of one conclusion.")] = None,
    audience: Annotated[Audience, typer.Option(help="For whom the text is written.")] = Audience.CLINICIAN,
    packs: Packs = None,
) -> None:
    """Assess one case and print the explained answer."""
    with reported():
        from ..front import assess as assess_case
        from ..front import read_case

        knowledge = knowledge_from(packs)
        certificate = certificate_name(knowledge.fingerprint)
        assessment = assess_case(read_case(case, knowledge, as_of=date.today()), knowledge=knowledge, certificate=certificate)
        if why is not None:
            from ..explain.text import render_why
            from ..knowledge.errors import NotDerivedError

            try:
                say(render_why(assessment, why), end="")
            except NotDerivedError as error:
                refuse(str(error))
            return
        if json:
            say_json(assessment.to_json())
        elif audience is Audience.PATIENT:
            say(assessment.to_patient(), end="")
        else:
            say(assessment.to_audit() if audience is Audience.AUDITOR else str(assessment), end="")


def certificate_name(fingerprint: str) -> str | None:
    """The name of the certificate of this knowledge, where a folder of certificates is named."""
    if not os.environ.get("SIJOINT_CERTIFICATES"):
        return None
    from ..verify.certificate import matching_certificate

    certificate = matching_certificate(fingerprint)
    return certificate.name if certificate else None


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (assess,):
        app.command()(command)
