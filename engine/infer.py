"""The engine: a validated case in, an `Inference` or a full `Trace` out; two evaluators run and must agree.

durable-rules and the compiled program answer every case; where durable-rules cannot be imported the reference takes its
place. On a difference there is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from ..knowledge.errors import EngineError, EvaluatorDisagreement
from ..knowledge.language import KnowledgeBase
from . import reference
from .bitplane import Bitplane
from .case import Case
from .case_writer import case_document
from .moments import moments_of
from .program import Outcome, Program, compile_program
from .trace import Trace, build_trace

Evaluate = Callable[[Case], Outcome]
EVALUATORS = ("durable", "compiled", "reference")


@dataclass(frozen=True)
class Inference:
    """The light record of one inference: the fired rules, the grades and who answered. The rest is rebuilt from it."""

    case: Case
    outcome: Outcome
    evaluators: tuple[str, ...]
    fingerprint: str


class Engine:
    """Infers under one knowledge base with the evaluators chosen; safe to share between threads.

    `evaluators` are names of `EVALUATORS`; by default durable-rules and the compiled program, or the reference and the
    compiled program where durable-rules cannot be imported.

    Raises:
        EngineError: an evaluator is unknown or cannot run here.
    """

    def __init__(self, knowledge: KnowledgeBase, evaluators: Sequence[str] | None = None) -> None:
        self.knowledge = knowledge
        self.evaluators = tuple(evaluators) if evaluators else default_evaluators()
        unknown = sorted(set(self.evaluators) - set(EVALUATORS))
        if unknown:
            shown = ", ".join(name[:40] for name in unknown[:3])
            raise EngineError(f"unknown evaluators {shown}; choose from {', '.join(EVALUATORS)}")
        self._evaluate = tuple((name, self._evaluator(name)) for name in self.evaluators)

    @cached_property
    def program(self) -> Program:
        """The compiled order of rules and atoms."""
        return compile_program(self.knowledge)

    @cached_property
    def bitplane(self) -> Bitplane:
        """The compiled evaluator."""
        return Bitplane(self.program)

    def _evaluator(self, name: str) -> Evaluate:
        if name == "compiled":
            return self.bitplane.evaluate
        if name == "durable":
            from .rete import Rete

            return Rete(self.program).evaluate
        return lambda case: reference.evaluate(self.knowledge, case)

    def infer(self, case: Case, whole: Case | None = None) -> Inference:
        """The light record of a case that was validated against this knowledge and has no steps left to take.

        `whole` is the case with its steps, of which this is one moment: it is what reproduces a disagreement.

        Raises:
            EvaluatorDisagreement: two evaluators differ; there is no answer.
        """
        name, evaluate = self._evaluate[0]
        outcome = evaluate(case)
        for other, evaluate_again in self._evaluate[1:]:
            second = evaluate_again(case)
            if second != outcome:
                raise EvaluatorDisagreement({name: outcome, other: second}, reproduce(whole or case))
        return Inference(case, outcome, self.evaluators, self.knowledge.fingerprint)

    def infer_moments(self, case: Case) -> tuple[Inference, ...]:
        """The light record of each moment of a validated case; what was derived at one is `earlier` for those after it.

        Raises:
            EvaluatorDisagreement: two evaluators differ about a moment; there is no answer.
        """
        found: list[Inference] = []
        earlier: dict[str, str] = {}
        for moment in moments_of(case, self.knowledge):
            stands = moment.model_copy(update={"earlier": tuple(earlier.items())}) if earlier else moment
            found.append(self.infer(stands, case))
            self._remember(earlier, found[-1].outcome)
        return tuple(found)

    def _remember(self, earlier: dict[str, str], outcome: Outcome) -> None:
        """Keep the strongest grade of the conclusions that some rule asks earlier moments for."""
        for name, grade in outcome.grades:
            grades = self.knowledge.remembered.get(name)
            if grades and (name not in earlier or grades.index(grade) > grades.index(earlier[name])):
                earlier[name] = grade

    def trace(self, inference: Inference) -> Trace:
        """The full trace of an inference, the same each time.

        Raises:
            EngineError: the inference was made under other knowledge.
        """
        if inference.fingerprint != self.knowledge.fingerprint:
            raise EngineError("this inference was made under other knowledge; load that knowledge to rebuild its trace")
        return build_trace(self.knowledge, self.program, inference.case, inference.outcome, inference.evaluators)


def default_evaluators() -> tuple[str, ...]:
    """The pair that answers every case here."""
    from .rete import available

    return ("durable", "compiled") if available() else ("reference", "compiled")


@lru_cache(maxsize=16)
def engine_for(knowledge: KnowledgeBase, evaluators: tuple[str, ...] | None = None) -> Engine:
    """One engine per knowledge base and choice of evaluators, shared by every assessment under it."""
    return Engine(knowledge, evaluators)


def infer(knowledge: KnowledgeBase, case: Case) -> Trace:
    """The trace of a validated case under a knowledge base, with the default evaluators."""
    engine = engine_for(knowledge)
    return engine.trace(engine.infer_moments(case)[-1])


def reproduce(case: Case) -> str:
    """A case as `sijoint.case/1` JSON (which is YAML too), with values, who and when, but without notes."""
    document = case_document(case, notes=False)
    return json.dumps(document, indent=2, sort_keys=True, default=date.isoformat) + "\n"
