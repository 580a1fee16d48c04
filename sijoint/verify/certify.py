"""Knowledge -> certificate: runs every check, and renders certificate and coverage as HTML.

In: `KnowledgeBase` and the day. Out: `Certificate`, and HTML pages with everything escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ..engine.infer import Engine
from ..engine.plane_text import describe
from ..engine.suite import run_suite
from ..explain.assessment import software_version
from ..knowledge.conditions import Derived, NotDerived
from ..knowledge.errors import EngineError
from ..knowledge.language import KnowledgeBase
from ..knowledge.lint import lint
from .certificate import Certificate, ProofRecord, card_records, evidence_of, gaps_of
from .decisive import Clause, clauses_of
from .formula import LIMIT, solver_version
from .lanes import suite_lanes
from .mutate import mutate
from .prove import Proof, counted, prove

TEMPLATES = Path(__file__).parent / "templates"


def certify(knowledge: KnowledgeBase, as_of: date, limit: int = LIMIT) -> Certificate:
    """The certificate of a knowledge base: proofs, coverage, mutation score, cases, diagnostics and known gaps."""
    proofs = prove(knowledge, limit)
    clauses = clauses_of(knowledge, [lane.case for lane in suite_lanes(knowledge)])
    suite = run_suite(knowledge, Engine(knowledge, ("compiled", "reference")))
    return Certificate(
        as_of=as_of,
        fingerprint=knowledge.fingerprint,
        evidence=evidence_of(knowledge),
        software=f"sijoint {software_version()}",
        packs=tuple((pack.pack, pack.version) for pack in knowledge.packs),
        rules=len(knowledge.shown_rules),
        proofs=tuple(_record(proof, limit) for proof in proofs),
        proved=counted(proofs),
        clauses=len(clauses),
        clauses_decided=sum(clause.decided for clause in clauses),
        mutation=str(mutate(knowledge, limit)),
        cases=len(knowledge.cases),
        case_problems=len(suite.problems),
        diagnostics=len(lint(knowledge, as_of)),
        gaps=gaps_of(knowledge),
        cards=card_records(knowledge),
    ).sealed()


def _record(proof: Proof, limit: int) -> ProofRecord:
    solver = "read from the rules" if proof.invariant.form == "unknown_only_for" else solver_version()
    name = f"{proof.invariant.pack}/{proof.invariant.id}"
    return ProofRecord(invariant=name, says=proof.invariant.says, verdict=proof.verdict, solver=solver, limit=limit)


def render(template: str, **values: object) -> str:
    """A page from a template; every value is escaped.

    Raises:
        EngineError: Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise EngineError("HTML pages need Jinja2: pip install sijoint[report]") from None
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(**values) + "\n"


def render_certificate(certificate: Certificate) -> str:
    """The certificate as an HTML page."""
    return render("certificate.html", certificate=certificate)


def render_clauses(knowledge: KnowledgeBase, clauses: Sequence[Clause]) -> str:
    """The page of the clauses that no case was seen to decide both ways."""
    rows = [(clause, name_of(clause)) for clause in clauses if not clause.decided]
    return render("clauses.html", rows=rows, total=len(clauses), fingerprint=knowledge.fingerprint)


def name_of(clause: Clause) -> str:
    """A test in a few words."""
    if isinstance(clause.test, Derived | NotDerived):
        prefix = "" if isinstance(clause.test, Derived) else "unless "
        return f"{prefix}{clause.test.conclusion} at {clause.test.grade}"
    return describe(clause.test)
