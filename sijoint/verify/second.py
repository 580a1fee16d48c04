"""A second opinion: the same questions as SMT-LIB text, put to cvc5.

In: proofs with their scripts. Out: for each the answer of the other solver. A proof stands only where it finds no patient either.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..knowledge.errors import EngineError
from ..writer import write_text
from .prove import Proof

LIMIT = 50_000_000


def second_opinion(script: str, limit: int = LIMIT) -> str:
    """What cvc5 answers to a script: sat, unsat or unknown.

    Raises:
        EngineError: cvc5 is not installed.
    """
    try:
        import cvc5
    except ImportError:
        raise EngineError("the second opinion needs cvc5: pip install sijoint[prove]") from None
    solver = cvc5.Solver()
    solver.setOption("rlimit", str(limit))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "question")
    symbols, answer = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        answer = str(command.invoke(solver, symbols)).strip() or answer
    return answer if answer in {"sat", "unsat"} else "unknown"


def disagreements(proofs: Iterable[Proof]) -> list[str]:
    """The invariants that were proved and that the second solver does not prove, with its answer."""
    found = []
    for proof in proofs:
        if proof.verdict == "proved" and proof.script:
            answer = second_opinion(proof.script)
            if answer != "unsat":
                found.append(f"{proof.invariant.id}: {answer}")
    return found


def export(proofs: Iterable[Proof], folder: Path) -> int:
    """Write every question as `<invariant>.smt2`; how many were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for proof in proofs:
        if proof.script:
            name = f"{proof.invariant.pack}.{proof.invariant.id}.smt2"
            write_text(folder / name, f"; {' '.join(proof.invariant.says.split())}\n{proof.script}")
            written += 1
    return written
