"""An assessment: what one case comes to, and every question that can be asked of it.

In: an engine and a validated case. Out: `Assessment`. It keeps the light record; trace, justifications and documents
are built from it when asked for, the same each time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ..engine.case import Case
from ..engine.case_reader import read_case
from ..engine.infer import Engine, Inference
from ..engine.reference import Reference
from ..engine.trace import Recorder, Trace
from ..knowledge.frozen import FrozenDict, FrozenObject
from ..knowledge.items import NO_FLAG, NO_OPEN_FLAG
from ..knowledge.language import KnowledgeBase
from .document import (
    AssessmentDocument,
    Concluded,
    SoftwareRecord,
    StepResult,
    conclude,
    disposition_of,
    given,
    knowledge_record,
    lapsed_answers,
    recorded_firings,
    screen_states,
)
from .estimates import estimates_of
from .flags import FlagState, flags_of
from .justification import Justification, at_most, justify, missing

if TYPE_CHECKING:
    from rich.tree import Tree

    from .arguments import Ledger
    from .contrast import Contrast
    from .counterfactual import Counterfactuals
    from .questions import QuestionGroup
    from .settled import Settled
    from .what_if import Shifts
    from .why_not import WhyNot


class Assessment(FrozenObject):
    """The result for one case: typed conclusions, their reasons, and text. Immutable; its repr names no value of the case.

    A collection of `Concluded`, in order of kind: `len`, iteration, `in` by id or by conclusion, `[id]`. It is true even when
    nothing was concluded. Two are equal when case, knowledge, evaluators and certificate are.
    """

    engine: Engine
    certificate: str | None
    given: Case
    _inferences: tuple[Inference, ...]

    def __init__(self, engine: Engine, case: Case, certificate: str | None = None) -> None:
        given = read_case(case, engine.knowledge)
        inferences = engine.infer_moments(given)
        self._fix(engine=engine, certificate=certificate, given=given, _inferences=inferences)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is computed on first use, which another thread may be computing."""
        return {name: vars(self)[name] for name in ("engine", "certificate", "given", "_inferences")}

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge that answered."""
        return self.engine.knowledge

    @property
    def inference(self) -> Inference:
        """The light record of the last moment of the case."""
        return self._inferences[-1]

    @property
    def case(self) -> Case:
        """The case as it stands after its last step."""
        return self.inference.case

    @cached_property
    def grades(self) -> Mapping[str, str]:
        """Grade of each derived conclusion."""
        return FrozenDict(self.inference.outcome.grades)

    @cached_property
    def conclusions(self) -> tuple[Concluded, ...]:
        """Every derived conclusion, in order of kind."""
        return conclude(self.knowledge, self.grades, self.inference.outcome.fired)

    @cached_property
    def shown(self) -> tuple[Concluded, ...]:
        """The conclusions shown on their own; the others stand only within the proof of one that holds."""
        declared = self.knowledge.conclusion_by_id
        return tuple(item for item in self.conclusions if declared[item.id].within not in self.grades)

    @property
    def disposition(self) -> str:
        """The highest urgency tier that holds, or `not_determined`; once every screen is complete `no_flag_in_answers`, or
        `no_open_flag` where a flag was raised in this case.
        """
        found = disposition_of(self.knowledge, self.grades)
        return NO_OPEN_FLAG if found == NO_FLAG and self.flags else found

    @cached_property
    def flags(self) -> tuple[FlagState, ...]:
        """Every flag that any moment of the case raised, by what, and what has become of it."""
        return flags_of(self.engine, self.given, self._inferences)

    @property
    def fired(self) -> tuple[str, ...]:
        """Ids of the rules that fired, in order of evaluation; of a screen its own rule, without those of its parts."""
        fired = self.inference.outcome.fired - {rule.id for rule in self.knowledge.part_by_id.values()}
        return tuple(rule.id for rule in self.engine.program.rules if rule.id in fired)

    @property
    def trace(self) -> Trace:
        """Every event, rebuilt from the light record."""
        return self.engine.trace(self.inference)

    def __getitem__(self, conclusion: str) -> Concluded:
        """The derived conclusion of that id.

        Raises:
            NotDerivedError: it was not derived; a KeyError.
        """
        for item in self.conclusions:
            if item.id == conclusion:
                return item
        raise missing(self.knowledge, conclusion)

    def __contains__(self, conclusion: object) -> bool:
        if isinstance(conclusion, str):
            return conclusion in self.grades
        return conclusion in self.conclusions

    def __iter__(self) -> Iterator[Concluded]:
        return iter(self.conclusions)

    def __len__(self) -> int:
        return len(self.conclusions)

    def __bool__(self) -> bool:
        return True

    @property
    def _identity(self) -> tuple[Case, str, tuple[str, ...], str | None]:
        return self.given, self.knowledge.fingerprint, self.engine.evaluators, self.certificate

    def __eq__(self, other: object) -> bool:
        return self._identity == other._identity if isinstance(other, Assessment) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity)

    def why(self, conclusion: str, *, depth: int | None = None, absences: int | None = 1) -> Justification:
        """The proof tree of a derived conclusion, down to findings, at most `depth` conclusions deep, and never over 20.

        What was not derived and would have blocked a rule has its own tree, `absences` conclusions deep; 0 leaves them out.

        Raises:
            NotDerivedError: it was not derived, or is not declared.
            EngineError: the proof failed its own check.
        """
        return self.prove(conclusion, self.trace, depth=depth, absences=absences)

    def prove(self, conclusion: str, trace: Trace, *, depth: int | None = None, absences: int | None = 0) -> Justification:
        """`why` from the trace at hand, for those who prove many conclusions of one trace.

        Raises:
            NotDerivedError: it was not derived, or is not declared.
            EngineError: the proof failed its own check.
        """
        from .checker import check_justification
        from .why_not import Refuter

        depth, absences = at_most(depth), at_most(absences)
        refuter = Refuter(self.knowledge, self._recorder, absences)
        absence = (lambda leaf: refuter.absence(leaf.conclusion, leaf.grade)) if absences != 0 else None
        proof = justify(trace, self.knowledge, conclusion, depth=depth, absence=absence)
        check_justification(self._reference, proof, conclusion, depth=depth, below=absences)
        return proof

    def why_not(self, conclusion: str, grade: str | None = None, *, depth: int | None = None) -> WhyNot:
        """Why a conclusion was not derived, or not at `grade`: the distance of each rule and what kind each missing item is.

        Raises:
            AskedError: it is not declared.
            DerivedError: it was derived.
        """
        from .why_not import explain_absence

        return explain_absence(self.knowledge, self.engine.program, self.case, self.grades, conclusion, grade=grade, depth=depth)

    def what_if(self, changes: Mapping[str, Any]) -> Shifts:
        """What would be gained, lost and regraded with findings recorded otherwise; None makes one unknown.

        Raises:
            CaseError: a change cannot be read.
        """
        from .what_if import what_if

        return what_if(self.engine, self.case, changes)

    def contrast(self, a: str, b: str, *, may_change: Collection[str] | None = None) -> Contrast:
        """Why `a` rather than `b`: only what decides, and the smallest changes that would turn it.

        Raises:
            AskedError: one of them is not declared.
        """
        from .contrast import contrast

        return contrast(self.knowledge, self.case, a, b, may_change=may_change)

    def counterfactuals(
        self, conclusion: str, to: str = "holds", *, most: int = 3, may_change: Collection[str] | None = None
    ) -> Counterfactuals:
        """Every smallest set of at most `most` changed findings after which it `holds`, `fails`, `changes` or has a grade.

        Raises:
            AskedError: the conclusion or the goal is not declared.
        """
        from .counterfactual import counterfactuals

        return counterfactuals(self.knowledge, self.case, conclusion, to, most=most, may_change=may_change)

    def settled(self, conclusion: str, grade: str | None = None) -> Settled:
        """Whether it always holds, never holds or is open while the unknowns are answered, and which can overturn it.

        Raises:
            AskedError: the conclusion or grade is not declared.
        """
        from .settled import settled

        return settled(self.knowledge, self.case, conclusion, grade)

    def next_questions(self, n: int = 3) -> tuple[QuestionGroup, ...]:
        """What to ask next, with what each answer would change."""
        from .questions import next_questions

        return next_questions(self.engine, self.inference, n)

    def arguments(self) -> tuple[Ledger, ...]:
        """For each candidate what speaks for it, against it, and what is unconfirmed."""
        from .arguments import arguments

        return arguments(self.knowledge, self.case, self.grades)

    @cached_property
    def _reference(self) -> Reference:
        """The case by definition, for the checks."""
        return Reference(self.knowledge, self.case)

    @property
    def _recorder(self) -> Recorder:
        return Recorder(self.case, self.grades, self.engine.program)

    @cached_property
    def steps(self) -> tuple[StepResult, ...]:
        """What each later step changed; empty for a case without steps."""
        found, parts = [], self.knowledge.part_by_id
        for number, (before, after) in enumerate(zip(self._inferences, self._inferences[1:], strict=False), 1):
            old, new = before.outcome.grade, after.outcome.grade
            found.append(
                StepResult(
                    step=number,
                    as_of=after.case.as_of,
                    title=self.given.steps[number - 1].title,
                    disposition=disposition_of(self.knowledge, new),
                    gained=tuple(key for key, grade in new.items() if old.get(key) != grade and key not in parts),
                    lost=tuple(key for key in old if key not in new and key not in parts),
                )
            )
        return tuple(found)

    @property
    def first_disposition(self) -> str:
        """The urgency before any step."""
        return disposition_of(self.knowledge, self._inferences[0].outcome.grade)

    def document(self) -> AssessmentDocument:
        """The whole assessment as `sijoint.assessment/1`."""
        from .certainty import weakest_links
        from .differences import differences_of

        trace = self.trace
        return AssessmentDocument(
            case=given(self.case),
            disposition=self.disposition,
            contradictions=trace.contradictions,
            flags=self.flags,
            lapsed=lapsed_answers(self.case),
            screens=screen_states(self.knowledge, trace, self.case),
            conclusions=self.conclusions,
            withheld=tuple(item for item in trace.blocked if item.gated),
            firings=recorded_firings(self.knowledge, trace),
            steps=self.steps,
            weakest_links=dict(weakest_links(trace, self.knowledge)),
            differences=differences_of(self),
            estimates=estimates_of(self.knowledge, self.grades),
            knowledge=knowledge_record(self.knowledge, self.certificate),
            software=SoftwareRecord(name="sijoint", version=software_version()),
            evaluators=self.inference.evaluators,
        )

    def to_json(self, indent: int | None = 2) -> str:
        """The document as JSON, byte-identical for the same case and knowledge."""
        return self.document().model_dump_json(indent=indent, by_alias=True, exclude_none=True) + "\n"

    def to_html(self) -> str:
        """The report as one self-contained HTML page, byte-identical for the same case and knowledge.

        Raises:
            EngineError: Jinja2 is not installed; it comes with `sijoint[report]`.
        """
        from .html import render_html

        return render_html(self)

    def to_markdown(self) -> str:
        """The report as Markdown, from the same tree as the HTML."""
        from .markdown import render_markdown

        return render_markdown(self)

    def to_audit(self) -> str:
        """The report as text for an auditor: every id, file and line, every condition, and what to examine again."""
        from .markdown import render_audit

        return render_audit(self)

    def to_patient(self) -> str:
        """The text for the patient: plain words, the action first."""
        from .patient import render_patient

        return render_patient(self)

    def _repr_html_(self) -> str | None:
        """The answer in brief for notebooks; None, for the plain text, where Jinja2 is not installed."""
        from ..knowledge.errors import EngineError
        from .html import render_fragment

        try:
            return render_fragment(self)
        except EngineError:
            return None

    def __rich__(self) -> Tree:
        """The answer as a tree for terminals."""
        from .terminal import render_tree

        return render_tree(self)

    def __str__(self) -> str:
        from .text import render_text

        return render_text(self)

    def __repr__(self) -> str:
        return f"<Assessment: {len(self.conclusions)} conclusions, {len(self.inference.outcome.fired)} rules fired>"


def software_version() -> str:
    """The version of the installed library."""
    try:
        return version("sijoint")
    except PackageNotFoundError:
        return "0+unknown"
