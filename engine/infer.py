"""The engine: a validated case in, an `Inference` or a full `Trace` out; two evaluators run and must agree.

durable-rules and the compiled program answer every case; where durable-rules cannot be imported the reference takes its
place. On a difference there is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakValueDictionary

from ..knowledge.errors import EngineError, EvaluatorDisagreement
from ..knowledge.frozen import FrozenObject
from ..knowledge.language import KnowledgeBase
from ..knowledge.once import Once
from ..knowledge.proven import refuse_unfit
from . import reference
from .bitplane import Bitplane
from .case import Case
from .case_writer import as_it_stands
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


class Engine(FrozenObject):
    """Infers under one knowledge base with the evaluators chosen; immutable, safe to share between threads.

    `evaluators` are names of `EVALUATORS`; by default durable-rules and the compiled program, or the reference and the
    compiled program where durable-rules cannot be imported or cannot hold this knowledge. Pickled as its knowledge and these
    names.

    Raises:
        KnowledgeError: the knowledge is empty, or is not what its fingerprint says.
        EngineError: an evaluator is unknown or cannot run here.
    """

    knowledge: KnowledgeBase
    evaluators: tuple[str, ...]
    program: Program
    """The compiled order of rules and atoms."""
    bitplane: Bitplane
    """The compiled evaluator."""
    _evaluate: tuple[tuple[str, Evaluate], ...]

    def __init__(self, knowledge: KnowledgeBase, evaluators: Sequence[str] | None = None) -> None:
        refuse_unfit(knowledge)
        bitplane = _bitplane(knowledge)
        chosen = tuple(evaluators) if evaluators else _able(bitplane.program)
        unknown = sorted(set(chosen) - set(EVALUATORS))
        if unknown:
            shown = ", ".join(name[:40] for name in unknown[:3])
            raise EngineError(f"unknown evaluators {shown}; choose from {', '.join(EVALUATORS)}")
        self._fix(knowledge=knowledge, evaluators=chosen, program=bitplane.program, bitplane=bitplane)
        self._fix(_evaluate=tuple((name, self._evaluator(name)) for name in chosen))

    def _evaluator(self, name: str) -> Evaluate:
        if name == "compiled":
            return self.bitplane.evaluate
        if name == "durable":
            from .rete import Rete

            return Rete(self.program).evaluate
        return lambda case: reference.evaluate(self.knowledge, case)

    def __reduce__(self) -> tuple[Any, ...]:
        return engine_for, (self.knowledge, self.evaluators)

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


def _able(program: Program) -> tuple[str, ...]:
    """The default pair; the reference stands in where a rule is too large for durable-rules, and the record says so."""
    from .rete import available, can_hold

    return default_evaluators() if available() and can_hold(program) else ("reference", "compiled")


_engines: Once[Engine] = Once(16)
_compiled: Once[Bitplane] = Once(16)
_in_use: WeakValueDictionary[str, Bitplane] = WeakValueDictionary()
"""What some engine still holds, although others were compiled since."""


def engine_for(knowledge: KnowledgeBase, evaluators: tuple[str, ...] | None = None) -> Engine:
    """One engine per content of knowledge and choice of evaluators, shared by every thread; the 16 last used are kept.

    The cases beside the rules are no part of that content: the engine may hold the base as it was loaded without them.

    Raises:
        KnowledgeError: the knowledge is empty, or is not what its fingerprint says.
        EngineError: an evaluator is unknown or cannot run here.
    """
    refuse_unfit(knowledge)
    return _engines.get((knowledge.identity, evaluators), lambda: _engine(knowledge, evaluators))


def _engine(knowledge: KnowledgeBase, evaluators: tuple[str, ...] | None) -> Engine:
    """A new engine, or for the default evaluators the one that was made for their names."""
    if evaluators:
        return Engine(knowledge, evaluators)
    return engine_for(knowledge, _able(_bitplane(knowledge).program))


def _bitplane(knowledge: KnowledgeBase) -> Bitplane:
    """The compiled program, shared by every engine of this knowledge."""
    return _compiled.get(knowledge.identity, lambda: _shared(knowledge))


def _shared(knowledge: KnowledgeBase) -> Bitplane:
    """The compiled program that an engine holds, or a new one; called by one thread at a time."""
    found = _in_use.get(knowledge.identity)
    return found if found is not None else _in_use.setdefault(knowledge.identity, Bitplane(compile_program(knowledge)))


def infer(knowledge: KnowledgeBase, case: Case) -> Trace:
    """The trace of a validated case under a knowledge base, with the default evaluators."""
    engine = engine_for(knowledge)
    return engine.trace(engine.infer_moments(case)[-1])


def reproduce(case: Case) -> str:
    """A case as `sijoint.case/1` JSON (which is YAML too), with values, who and when, but without notes."""
    document = as_it_stands(case, notes=False)
    return json.dumps(document, indent=2, sort_keys=True, default=date.isoformat) + "\n"
