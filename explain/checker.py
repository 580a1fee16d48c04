"""The checker: every justification, absence, counterfactual and contrast is verified against knowledge and case before
anyone sees it.

In: knowledge, case, what is claimed. Out: nothing, or `EngineError`. It rests on `reference.py` alone and shares no code
with the evaluators, with the recorder of the trace or with the writers of what it checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ..engine.case import Case
from ..engine.reference import Reference
from ..knowledge.conditions import BRANCHES, Absent, Condition, Derived, Earlier, Known, NotDerived, NotEarlier, Unknown
from ..knowledge.errors import EngineError
from ..knowledge.items import LABEL_ORDER
from ..knowledge.language import KnowledgeBase, Rule

if TYPE_CHECKING:
    from ..engine.trace import Checked
    from .justification import Justification, Reason, RuleProof
    from .why_not import RuleDistance, Unmet, WhyNot

SAID = ("title", "file", "line", "source", "interpretation", "because")


def check_justification(
    reference: Reference,
    proof: Justification,
    conclusion: str,
    *,
    depth: int | None = None,
    below: int | None = 0,
) -> None:
    """Verify a proof tree of `conclusion`; `depth` and `below` are the depths it was asked for, of proofs and of absences.

    `reference` holds knowledge and case by definition; it may serve for many proofs.

    Raises:
        EngineError: something in it is not so.
    """
    if proof.conclusion != conclusion:
        _refuse("another conclusion", conclusion)
    _Checker(reference, depth, below).proof(proof, 0)


def check_absence(knowledge: KnowledgeBase, case: Case, tree: WhyNot, *, depth: int | None = None) -> None:
    """Verify why a conclusion was not derived.

    Raises:
        EngineError: something in it is not so.
    """
    _Checker(Reference(knowledge, case), None, depth).absence(tree, 0)


def _refuse(what: str, where: str) -> NoReturn:
    raise EngineError(f"an explanation failed its own check: {what} at {where[:120]}; it is not shown")


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type, so that neither True passes for 1 nor 1.0 for 1."""
    return type(one) is type(other) and bool(one == other)


def same_model(one: Any, other: Any) -> bool:
    """Whether two conditions are the same, down to the type of each number."""
    return type(one) is type(other) and repr(one) == repr(other)


class _Checker:
    """Walks a tree beside the knowledge; remembers what was proved, to verify what is said to stand above."""

    def __init__(self, reference: Reference, depth: int | None, below: int | None) -> None:
        self.reference, self.knowledge, self.case = reference, reference.knowledge, reference.case
        self.depth, self.below = depth, below
        self.held: dict[int, bool] = {}
        self.proved: set[str] = set()
        self.absent: set[tuple[str, str]] = set()

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds; single tests by definition, branches by counting, each worked out once."""
        key = id(condition)
        if key not in self.held:
            if isinstance(condition, BRANCHES):
                holding = sum(self.holds(member) for member in condition.of)
                needed = {"all": len(condition.of), "any": 1}.get(condition.test, getattr(condition, "k", 0))
                self.held[key] = holding >= needed
            else:
                self.held[key] = self.reference.holds(condition)
        return self.held[key]

    def demand(self, claim: bool, what: str, where: str) -> None:
        """Refuse a claim that is not so."""
        if not claim:
            _refuse(what, where)

    def stated(self, test: Derived | NotDerived | Earlier | NotEarlier) -> str | None:
        """The grade that a test of a conclusion looks at: of this moment, or of earlier ones."""
        if isinstance(test, Earlier | NotEarlier):
            return self.case.earlier_grades.get(test.conclusion)
        return self.grade(test.conclusion)

    def grade(self, conclusion: str) -> str | None:
        """The grade by definition; None for not derived."""
        if conclusion not in self.knowledge.conclusion_by_id:
            _refuse("an undeclared conclusion", conclusion)
        rank = self.reference.rank(conclusion)
        return self.knowledge.conclusion_by_id[conclusion].grades[rank] if rank >= 0 else None

    def proof(self, proof: Justification, level: int) -> None:
        """A conclusion holds at its grade, by every rule that fires for it and no other, strongest first."""
        name = proof.conclusion
        self.demand(proof.grade == self.grade(name) is not None, "a wrong grade", name)
        cut = self.depth is not None and level >= self.depth
        if proof.seen or proof.folded or name in self.proved:
            is_due = (proof.seen and name in self.proved) != (proof.folded and cut and name not in self.proved)
            self.demand(is_due and proof.seen is not proof.folded and not proof.rules, "a proof left out", name)
            return
        self.demand(not cut, "a proof below the depth asked for", name)
        self.proved.add(name)
        firing = {rule.id: rule for rule in self.knowledge.rules_for[name] if self.reference.fires(rule)}
        due = sorted(firing, key=lambda rule: -self.rank_given(firing[rule], name))
        self.demand([item.rule for item in proof.rules] == due, "rules missing, too many or out of order", name)
        for item in proof.rules:
            self.demand(self.rank_of(item.grade, name) == self.rank_given(firing[item.rule], name), "a wrong grade", item.rule)
            self.rule(item, firing[item.rule], level)

    def rank_given(self, rule: Rule, conclusion: str) -> int:
        """The rank of the grade that a rule gives."""
        given = next(part.grade for part in rule.then if part.conclusion == conclusion)
        return self.rank_of(given, conclusion)

    def rank_of(self, grade: str, conclusion: str) -> int:
        """The rank of a grade; -1 for none of the conclusion."""
        grades = self.knowledge.conclusion_by_id[conclusion].grades
        return grades.index(grade) if grade in grades else -1

    def said(self, item: RuleProof | RuleDistance, rule: Rule) -> None:
        """What is said about a rule stands in its file."""
        for name in SAID:
            self.demand(same(getattr(item, name), getattr(rule, name)), f"a wrong {name}", rule.id)
        cited = (
            [label for key in rule.source for label in self.knowledge.reference_by_id[key].certainty] if self._cites(rule) else []
        )
        labels = set(rule.certainty or cited)
        self.demand(item.certainty == tuple(label for label in LABEL_ORDER if label in labels), "a wrong certainty", rule.id)

    def _cites(self, rule: Rule) -> bool:
        return all(key in self.knowledge.reference_by_id for key in rule.source)

    def rule(self, item: RuleProof, rule: Rule, level: int) -> None:
        """A rule that fires, with its conditions and its blockers."""
        self.said(item, rule)
        self.reason(item.when, rule.when, level, rule.id)
        self.demand(len(item.unless) == len(rule.blockers), "blockers missing or too many", rule.id)
        for reason, blocker in zip(item.unless, rule.blockers, strict=True):
            self.reason(reason, blocker, level, rule.id)

    def reason(self, reason: Reason, condition: Condition, level: int, where: str) -> None:
        """A condition that holds, on just what it holds."""
        self.demand(self.holds(condition), "a condition that does not hold", where)
        if isinstance(condition, BRANCHES):
            self.branch(reason, condition, level, where)
            return
        leaf_only = reason.test == "leaf" and not reason.of and not reason.unmet and reason.k is None and reason.parameter is None
        self.demand(leaf_only and same_model(reason.leaf, condition), "another test", where)
        self.demand(reason.ground == self.ground(condition), "another ground", where)
        if isinstance(condition, Derived | NotDerived | Earlier | NotEarlier):
            self.demand(reason.value is None and reason.grade == self.stated(condition), "another grade", where)
        else:
            value = None if isinstance(condition, Unknown) else self.case.values.get(condition.finding)
            self.demand(reason.grade is None and same(reason.value, value), "another value", where)
        self.trees(reason, condition, level, where)

    def trees(self, reason: Reason, condition: Condition, level: int, where: str) -> None:
        """The trees under a leaf that tests a conclusion; none under another."""
        self.demand((reason.proof is not None) is isinstance(condition, Derived), "a proof missing or misplaced", where)
        explained = isinstance(condition, NotDerived) and self.below != 0
        self.demand((reason.why_not is not None) is explained, "an absence missing or misplaced", where)
        if reason.proof is not None and isinstance(condition, Derived):
            self.demand(reason.proof.conclusion == condition.conclusion, "another conclusion", where)
            self.proof(reason.proof, level + 1)
        if reason.why_not is not None and isinstance(condition, NotDerived):
            asked = (reason.why_not.conclusion, reason.why_not.grade)
            self.demand(asked == (condition.conclusion, condition.grade), "another absence", where)
            self.absence(reason.why_not, 0)

    def ground(self, condition: Condition) -> str:
        """What kind of fact a leaf ends in."""
        grounds = {Absent: "absence", Unknown: "unknown", Derived: "conclusion", NotDerived: "not_derived"}
        grounds |= {Earlier: "earlier", NotEarlier: "earlier"}
        return grounds.get(type(condition), "finding")

    def branch(self, reason: Reason, condition: Any, level: int, where: str) -> None:
        """A branch with every member that holds and, for a count, those that do not."""
        self.shape(reason, condition, where)
        bare = reason.ground == "branch" and all(
            part is None for part in (reason.value, reason.grade, reason.proof, reason.why_not)
        )
        self.demand(bare, "a branch with a fact of its own", where)
        holding, failing = self.parted(condition)
        self.demand(len(reason.of) == len(holding), "a branch missing or too many", where)
        for part, member in zip(reason.of, holding, strict=True):
            self.reason(part, member, level, where)
        shown = failing if condition.test == "at_least" else []
        self.demand(len(reason.unmet) == len(shown), "what is not met missing or too many", where)
        for unmet, member in zip(reason.unmet, shown, strict=True):
            self.unmet(unmet, member, None, where)

    def shape(self, item: Reason | Unmet | Checked, condition: Any, where: str) -> None:
        """A branch of the kind and count that the rule has."""
        counted = same(item.k, getattr(condition, "k", None)) and item.parameter == getattr(condition, "parameter", None)
        self.demand(item.leaf is None and item.test == condition.test and counted, "another branch", where)

    def parted(self, condition: Any) -> tuple[list[Condition], list[Condition]]:
        """The members that hold, and those that do not."""
        holding = [member for member in condition.of if self.holds(member)]
        return holding, [member for member in condition.of if not self.holds(member)]

    def absence(self, tree: WhyNot, level: int) -> None:
        """A conclusion that does not hold at a grade: each rule that could give it, nearest first."""
        grade, name = self.grade(tree.conclusion), tree.conclusion
        grades = self.knowledge.conclusion_by_id[name].grades
        self.demand(tree.grade in grades and tree.derived == grade, "a wrong grade", name)
        asked = grades.index(tree.grade)
        self.demand(self.reference.rank(name) < asked, "it was derived", name)
        cut, known = self.below is not None and level >= self.below, (name, tree.grade) in self.absent
        if tree.seen or tree.folded or known:
            is_due = (tree.seen and known) != (tree.folded and cut and not known)
            self.demand(is_due and tree.seen is not tree.folded and not tree.rules, "an absence left out", name)
            return
        self.demand(not cut, "an absence below the depth asked for", name)
        self.absent.add((name, tree.grade))
        able = {rule.id: rule for rule in self.knowledge.rules_for[name] if self.rank_given(rule, name) >= asked}
        due = sorted(able, key=lambda rule: self.far(able[rule]))
        self.demand([item.rule for item in tree.rules] == due, "rules missing, too many or out of order", name)
        for item in tree.rules:
            self.demand(self.rank_of(item.grade, name) == self.rank_given(able[item.rule], name), "a wrong grade", item.rule)
            self.distance(item, able[item.rule], level)

    def distance(self, item: RuleDistance, rule: Rule, level: int) -> None:
        """A rule that does not fire: what is missing, what holds and what blocks it."""
        self.said(item, rule)
        holding = [blocker for blocker in rule.blockers if not self.holds(blocker)]
        self.demand(len(item.blocked) == len(holding), "blockers missing or too many", rule.id)
        for unmet, blocker in zip(item.blocked, holding, strict=True):
            self.unmet(unmet, blocker, None, rule.id)
        holds = self.holds(rule.when)
        self.demand((item.when is None) is holds and len(item.met) == holds, "what holds missing or too many", rule.id)
        for check in item.met:
            self.checked(check, rule.when, rule.id)
        if item.when is not None:
            self.unmet(item.when, rule.when, level, rule.id)
        self.demand(same(item.distance, self.far(rule)), "a wrong distance", rule.id)

    def far(self, rule: Rule) -> int:
        """How far a rule is from firing: missing leaves and what blocks it."""
        return self.away(rule.when) + sum(not self.holds(blocker) for blocker in rule.blockers)

    def away(self, condition: Condition) -> int:
        """How many leaves of a condition would have to change, by definition."""
        if self.holds(condition):
            return 0
        if not isinstance(condition, BRANCHES):
            return 1
        if condition.test == "at_least":
            return condition.k - sum(self.holds(member) for member in condition.of)
        members = [self.away(member) for member in condition.of]
        return sum(members) if condition.test == "all" else min(members, default=1)

    def unmet(self, item: Unmet, condition: Condition, level: int | None, where: str) -> None:
        """A condition that does not hold; without `level` no tree stands below it."""
        self.demand(not self.holds(condition), "a condition that holds", where)
        self.demand(same(item.distance, self.away(condition)), "a wrong distance", where)
        if isinstance(condition, BRANCHES):
            self.unmet_branch(item, condition, level, where)
            return
        bare = item.test == "leaf" and not item.of and not item.met and item.k is None and item.parameter is None
        self.demand(bare and same_model(item.leaf, condition), "another test", where)
        if isinstance(condition, Derived | NotDerived | Earlier | NotEarlier):
            self.demand(item.value is None and item.grade == self.stated(condition), "another grade", where)
        else:
            self.demand(item.grade is None and same(item.value, self.case.values.get(condition.finding)), "another value", where)
        self.demand(item.kind == self.lack(condition), "another kind", where)
        self.demand((item.below is not None) is (isinstance(condition, Derived) and level is not None), "a tree missing", where)
        if item.below is not None and isinstance(condition, Derived) and level is not None:
            self.demand(
                (item.below.conclusion, item.below.grade) == (condition.conclusion, condition.grade), "another absence", where
            )
            self.absence(item.below, level + 1)

    def unmet_branch(self, item: Unmet, condition: Any, level: int | None, where: str) -> None:
        """A branch that fails: its failing members, those not asked first, and those that hold."""
        self.shape(item, condition, where)
        bare = item.kind == "branch" and all(part is None for part in (item.value, item.grade, item.below))
        self.demand(bare, "a branch with a fact of its own", where)
        holding, failing = self.parted(condition)
        ordered = sorted(failing, key=lambda member: isinstance(member, BRANCHES) or self.lack(member) != "unknown")
        self.demand(len(item.of) == len(ordered) and len(item.met) == len(holding), "a branch missing or too many", where)
        for part, member in zip(item.of, ordered, strict=True):
            self.unmet(part, member, level, where)
        for check, member in zip(item.met, holding, strict=True):
            self.checked(check, member, where)

    def lack(self, condition: Any) -> str:
        """What kind a leaf is that does not hold."""
        if isinstance(condition, Derived):
            return "not_derived" if self.grade(condition.conclusion) is None else "too_low"
        if isinstance(condition, NotDerived):
            return "blocked"
        if isinstance(condition, Earlier | NotEarlier):
            return "earlier"
        if isinstance(condition, Known | Unknown):
            return "unknown" if isinstance(condition, Known) else "known_false"
        return "known_false" if condition.finding in self.case.values else "unknown"

    def checked(self, check: Checked, condition: Any, where: str) -> None:
        """A condition as recorded, all members included."""
        self.demand(check.holds is self.holds(condition), "another result", where)
        if isinstance(condition, BRANCHES):
            self.shape(check, condition, where)
            self.demand(
                check.value is None and check.grade is None and len(check.of) == len(condition.of), "another branch", where
            )
            for part, member in zip(check.of, condition.of, strict=True):
                self.checked(part, member, where)
            return
        bare = check.test == "leaf" and not check.of and check.k is None and check.parameter is None
        self.demand(bare and same_model(check.leaf, condition), "another test", where)
        graded = isinstance(condition, Derived | NotDerived | Earlier | NotEarlier)
        grade = self.stated(condition) if graded else None
        value = None if graded else self.case.values.get(condition.finding)
        self.demand(check.grade == grade and same(check.value, value), "another value", where)
