"""One adapter per engine that answers single cases: a mapping in, the ids of the fired rules out.

In: `Base`. Out: an object with `fired(case)`. Each uses the fastest form found for its engine, and is checked against the oracle
before it is timed. Strata are kept by salience, by stratified negation, or by the host, as the engine allows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import combinations, compress, count
from typing import Any, ClassVar

from benchmarks.bases import CHOICES, Base, RuleSpec, Test, leaves_of
from benchmarks.oracle import atom

Case = dict[str, Any]
JOIN = {"all": " and ", "any": " or "}


class Zen:
    """zen-engine: one compiled list expression per stratum; the host adds the conclusions to the mapping between strata.

    One expression with an assignment per rule is slower: its cost grows with the square of the assignments.
    """

    name = "zen-engine"
    PLAIN: ClassVar = {"present": "== true", "absent": "== false", "unknown": "== null", "known": "!= null"}

    def __init__(self, base: Base) -> None:
        import zen

        self.assigned: set[str] = set()
        self.strata: list[tuple[Any, list[tuple[str, list[str]]]]] = []
        self.texts = []
        for layer in base.strata:
            self.texts.append(f"[{', '.join(map(self.rule, layer))}]")
            granted = [(rule.id, [self.variable(n, low) for n, rank in rule.then for low in range(rank + 1)]) for rule in layer]
            self.assigned.update(name for _, names in granted for name in names)
            self.strata.append((zen.compile_expression(self.texts[-1]), granted))
        self.evaluate_text = zen.evaluate_expression

    def prepare(self, case: Case) -> Case:
        """The case with names that its expressions can hold; done before the clock runs."""
        return {name.replace(".", "__"): value for name, value in case.items()}

    def fired(self, case: Case) -> list[str]:
        """The rules that fire, by expressions compiled once."""
        known = dict(case)
        found = []
        for expression, granted in self.strata:
            for rule, names in compress(granted, expression.evaluate(known)):
                found.append(rule)
                for name in names:
                    known[name] = True
        return found

    def fired_uncompiled(self, case: Case) -> list[str]:
        """The same by `evaluate_expression`, which reads the text each time."""
        known = dict(case)
        found = []
        for text, (_, granted) in zip(self.texts, self.strata, strict=True):
            for rule, names in compress(granted, self.evaluate_text(text, known)):
                found.append(rule)
                known.update(dict.fromkeys(names, True))
        return found

    def variable(self, name: str, rank: int) -> str:
        """The variable of a conclusion at a grade or above."""
        return f"c_{name.replace('.', '__')}_{rank}"

    def grade(self, name: str, rank: int) -> str:
        """The test of a conclusion at a grade or above; `false` where no rule grants it."""
        variable = self.variable(name, rank)
        return f"{variable} == true" if variable in self.assigned else "false"

    def rule(self, rule: RuleSpec) -> str:
        """The expression of a rule."""
        blockers = [f"not ({self.grade(name, rank)})" for name, rank in rule.unless]
        return " and ".join([self.test(rule.when), *blockers])

    def test(self, test: Test) -> str:
        """A condition as an expression."""
        kind = test[0]
        if kind in JOIN:
            return f"({JOIN[kind].join(map(self.test, test[1])) or 'false'})"
        if kind == "at_least":
            return f"({' + '.join(f'({self.test(member)} ? 1 : 0)' for member in test[2])} >= {test[1]})"
        if kind == "derived":
            return f"({self.grade(test[1], test[2])})"
        if kind == "not_derived":
            return f"(not ({self.grade(test[1], test[2])}))"
        name = test[1].replace(".", "__")
        if kind == "number":
            return f"({name} != null and {name} {test[2]} {test[3]})"
        if kind == "choice":
            return f"({' or '.join(f'{name} == {json.dumps(choice)}' for choice in test[2])})"
        return f"{name} {self.PLAIN[kind]}"


class Clips:
    """CLIPS by clipspy: facts `(f number value)`, conclusions `(c number rank)`, strata by salience.

    Facts are asserted inside a deffunction: the assert methods of clipspy leak.
    """

    name = "clipspy"
    PLAIN: ClassVar = {"present": "(f {0} 1)", "absent": "(f {0} 0)", "unknown": "(not (f {0} ?))", "known": "(exists (f {0} ?))"}

    def __init__(self, base: Base) -> None:
        import clips

        self.ids = [rule.id for rule in base.rules]
        self.findings = {name: number for number, name in enumerate(base.findings)}
        self.conclusions = {name: number for number, name in enumerate(base.conclusions)}
        self.variables = count()
        self.env = clips.Environment()
        self.env.build("(deftemplate start (slot on))")
        self.env.build("(defglobal ?*fired* = (create$))")
        for number, rule in enumerate(base.rules):
            self.env.build(self.rule(number, rule))
        self.env.build(
            "(deffunction assess ($?pairs) (reset) (bind ?*fired* (create$)) "
            "(loop-for-count (?i 1 (div (length$ ?pairs) 2)) do "
            "(assert (f (nth$ (- (* 2 ?i) 1) ?pairs) (nth$ (* 2 ?i) ?pairs)))) (run) ?*fired*)"
        )
        self.assess = self.env.find_function("assess")

    def fired(self, case: Case) -> list[str]:
        """The rules that fire."""
        pairs: list[Any] = []
        for name, value in case.items():
            coded = (
                CHOICES.index(value)
                if isinstance(value, str) and value in CHOICES
                else value
                if isinstance(value, str)
                else value + 0
            )
            pairs += (self.findings[name], coded)
        return [self.ids[number] for number in self.assess(*pairs)]

    def rule(self, number: int, rule: RuleSpec) -> str:
        """The text of a rule; a grade implies the lower ones."""
        blockers = [f"(not (c {self.conclusions[name]} {rank}))" for name, rank in rule.unless]
        asserts = [f"(assert (c {self.conclusions[name]} {lower}))" for name, rank in rule.then for lower in range(rank + 1)]
        parts = [f"(declare (salience {1000 - rule.stratum}))", self.test(rule.when), *blockers, "=>", *asserts]
        return f"(defrule r{number} {' '.join(parts)} (bind ?*fired* (create$ ?*fired* {number})))"

    def test(self, test: Test) -> str:
        """A condition as a conditional element that matches at most once."""
        kind = test[0]
        if kind == "all":
            return f"(and {' '.join(map(self.test, test[1]))})" if len(test[1]) > 1 else self.test(test[1][0])
        if kind == "any":
            return self.alternatives([self.test(member) for member in test[1]])
        if kind == "at_least":
            members = [self.test(member) for member in test[2]]
            return self.alternatives(
                [f"(and {' '.join(some)})" if len(some) > 1 else some[0] for some in combinations(members, test[1])]
            )
        if kind == "derived":
            return f"(c {self.conclusions[test[1]]} {test[2]})"
        if kind == "not_derived":
            return f"(not (c {self.conclusions[test[1]]} {test[2]}))"
        finding = self.findings[test[1]]
        if kind == "number":
            variable = f"?x{next(self.variables)}"
            operator = "=" if test[2] == "==" else test[2]
            return f"(f {finding} {variable}&:({operator} {variable} {test[3]}))"
        if kind == "choice":
            return f"(f {finding} {'|'.join(str(CHOICES.index(choice)) if choice in CHOICES else choice for choice in test[2])})"
        return self.PLAIN[kind].format(finding)

    def alternatives(self, parts: list[str]) -> str:
        """One match where any part matches."""
        if not parts:
            return "(f none none)"
        return f"(exists (or {' '.join(parts)}))" if len(parts) > 1 else f"(exists {parts[0]})"


class Clingo:
    """clingo, multi-shot: grounded once, each test an external that is set per case."""

    name = "clingo"

    def __init__(self, base: Base) -> None:
        from clingo import Control, Function, Number

        self.ids = [rule.id for rule in base.rules]
        self.atoms = {test: number for number, test in enumerate(atoms_of(base))}
        self.numbers = {name: number for number, name in enumerate(base.conclusions)}
        self.fresh = count()
        self.lines = [f"#external x(0..{len(self.atoms)}).", "#show r/1."]
        for number, rule in enumerate(base.rules):
            blockers = [f"not c({self.numbers[name]},{rank})" for name, rank in rule.unless]
            self.lines.append(f"r({number}) :- {', '.join([*self.body(rule.when), *blockers])}.")
            self.lines += [
                f"c({self.numbers[name]},{low}) :- r({number})." for name, rank in rule.then for low in range(rank + 1)
            ]
        self.control = Control(["--warn=none"])
        self.control.add("base", [], "\n".join(self.lines))
        self.control.ground([("base", [])])
        self.externals = [Function("x", [Number(number)]) for number in range(len(self.atoms))]

    def fired(self, case: Case) -> list[str]:
        """The rules that fire, from the only stable model."""
        for test, number in self.atoms.items():
            self.control.assign_external(self.externals[number], atom(test, case))
        found: list[str] = []
        self.control.solve(
            on_model=lambda model: found.extend(self.ids[s.arguments[0].number] for s in model.symbols(shown=True))
        )
        return found

    def body(self, test: Test) -> list[str]:
        """A condition as literals of a body."""
        if test[0] == "all":
            return [literal for member in test[1] for literal in self.body(member)]
        return [self.literal(test)]

    def literal(self, test: Test) -> str:
        """A condition as one literal; a branch becomes an atom of its own."""
        kind = test[0]
        if kind == "derived":
            return f"c({self.numbers[test[1]]},{test[2]})"
        if kind == "not_derived":
            return f"not c({self.numbers[test[1]]},{test[2]})"
        if kind not in ("all", "any", "at_least"):
            return f"x({self.atoms[test]})"
        name = f"b({next(self.fresh)})"
        if kind == "all":
            self.lines.append(f"{name} :- {', '.join(self.body(test))}.")
        elif kind == "any":
            self.lines += [f"{name} :- {self.literal(member)}." for member in test[1]] or [f"{name} :- #false."]
        else:
            members = "; ".join(f"{place} : {self.literal(member)}" for place, member in enumerate(test[2]))
            self.lines.append(f"{name} :- {test[1]} <= #count {{ {members} }}.")
        return name


class Durable:
    """durable-rules, bare: strata driven by the host, one wide fact of 0/1 tests per ruleset, no other code around it."""

    name = "durable-rules"
    MOST = 40

    def __init__(self, base: Base) -> None:
        from durable import engine

        self.engine = engine
        self.atoms = {test: f"x{number}" for number, test in enumerate(atoms_of(base))}
        derived = {test for rule in base.rules for test in leaves_of(rule.when) if test[0] == "derived"}
        self.derived = {test: f"y{number}" for number, test in enumerate(sorted(derived))}
        blocked = sorted({blocker for rule in base.rules for blocker in rule.unless})
        self.blocked = {blocker: f"z{number}" for number, blocker in enumerate(blocked)}
        self.then = {rule.id: rule.then for rule in base.rules}
        self.found: list[str] = []
        self.sids = count(1)
        self.strata = [[self.ruleset(part) for part in _chunks(layer, self.MOST)] for layer in base.strata]

    def ruleset(self, rules: list[RuleSpec]) -> tuple[Any, list[str]]:
        """A ruleset and the properties that it reads."""
        tests = {rule.id: {"$and": [self.test(rule.when), *({self.blocked[b]: 1} for b in rule.unless)]} for rule in rules}
        for rule, test in tests.items():
            tests[rule] = test["$and"][0] if len(test["$and"]) == 1 else test
        read = sorted({name for test in tests.values() for name in _properties(test)})
        definition = {f"r{n}": self.rule(rule, test) for n, (rule, test) in enumerate([*tests.items(), ("", {"on": 1})])}
        return self.engine.Ruleset(f"bench{id(self)}_{next(self.sids)}", None, definition), read

    def rule(self, rule: str, test: dict[str, Any]) -> dict[str, Any]:
        """One rule that notes its id; a rule with several true branches fires for each."""
        found: list[str] = self.found

        def note(closure: Any) -> None:
            found.append(rule)

        return {"all": [{"m": test}], "run": self.engine.Promise(note)}

    def test(self, test: Test) -> dict[str, Any]:
        """A condition as a pattern."""
        kind = test[0]
        if kind == "derived":
            return {self.derived[test]: 1}
        if kind not in ("all", "any", "at_least"):
            return {self.atoms[test]: 1}
        if kind == "at_least":
            total: Any = test[1]
            first, *rest = [next(iter(self.flat(member))) for member in test[2]]
            for name in rest:
                total = {"$sub": {"$l": total, "$r": {"$m": name}}}
            return {"$gte": {first: total}}
        members = [self.test(member) for member in test[1]]
        return members[0] if len(members) == 1 else {"$and" if kind == "all" else "$or": members}

    def flat(self, test: Test) -> dict[str, Any]:
        """A member of a count, which must be a single test."""
        if test[0] in ("all", "any", "at_least"):
            raise ValueError("counts of branches are not written for bare durable-rules")
        return self.test(test)

    def fired(self, case: Case) -> list[str]:
        """The rules that fire."""
        held: dict[str, int] = {name: int(atom(test, case)) for test, name in self.atoms.items()}
        ranks: dict[str, int] = {}
        all_fired: set[str] = set()
        for rulesets in self.strata:
            held |= {name: int(ranks.get(test[1], -1) >= test[2]) for test, name in self.derived.items()}
            held |= {name: int(ranks.get(item[0], -1) < item[1]) for item, name in self.blocked.items()}
            now: set[str] = set()
            for ruleset, read in rulesets:
                now |= self.answer(ruleset, {name: held[name] for name in read})
            for rule in now:
                for name, rank in self.then[rule]:
                    ranks[name] = max(rank, ranks.get(name, -1))
            all_fired |= now
        return list(all_fired)

    def answer(self, ruleset: Any, fact: dict[str, int]) -> set[str]:
        """The rules of one ruleset that fire."""
        self.found.clear()
        sid = next(self.sids)
        for content in ({"sid": sid, "on": 1}, {"sid": sid, "on": 1, **fact}):
            ruleset.do_actions(ruleset.assert_fact(content), lambda *answer: None)
        ruleset.delete_state(sid)
        return {rule for rule in self.found if rule}


def atoms_of(base: Base) -> list[Test]:
    """Every distinct test of a finding, in order."""
    tests = (test for rule in base.rules for test in leaves_of(rule.when))
    return list(dict.fromkeys(test for test in tests if test[0] not in ("derived", "not_derived")))


def _properties(test: Any) -> Iterable[str]:
    if isinstance(test, list):
        for item in test:
            yield from _properties(item)
    elif isinstance(test, dict):
        for key, value in test.items():
            if key == "$m":
                yield value
            elif not key.startswith("$"):
                yield key
            yield from _properties(value)


def _chunks(items: list[RuleSpec], most: int) -> Iterable[list[RuleSpec]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]


ADAPTERS: tuple[Callable[[Base], Any], ...] = (Zen, Clips, Clingo, Durable)
