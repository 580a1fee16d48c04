"""Adapters that answer a table of cases at once: findings in columns in, one boolean column per rule out, on one core.

In: `Base` and a table. Out: an object with `fired()` that returns the columns of the rules by id.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.bases import CHOICES, VALUES, Base, RuleSpec, Test
from benchmarks.peers import JOIN

os.environ["POLARS_MAX_THREADS"] = "1"


def make_table(base: Base, rows: int, seed: int = 3) -> pa.Table:
    """Random findings: three in four known, two in five of the yes/no ones present."""
    random = np.random.default_rng(seed)
    return pa.table({name: _column(random, values, rows) for name, values in base.findings.items()})


def _column(random: np.random.Generator, values: tuple[Any, ...], rows: int) -> pa.Array:
    unknown = random.random(rows) < 0.25
    if values == VALUES["number"]:
        return pa.array(random.integers(0, 101, rows).astype(np.float64), mask=unknown)
    if values == CHOICES:
        places = pa.array(random.integers(0, len(CHOICES), rows, dtype=np.int8), mask=unknown)
        return pa.DictionaryArray.from_arrays(places, pa.array(CHOICES))
    return pa.array(random.random(rows) < 0.4, mask=unknown)


class Polars:
    """Polars: one lazy query, a `with_columns` per stratum; counts as the same ladder, for it is faster than a sum."""

    name = "Polars"

    def __init__(self, base: Base, table: pa.Table) -> None:
        import polars as pl

        self.pl, self.base = pl, base
        self.assigned: set[str] = set()
        query = pl.from_arrow(table).lazy()
        for layer in base.strata:
            query = query.with_columns(**{f"r_{rule.id}": self.rule(rule) for rule in layer})
            query = query.with_columns(**self.grades(layer))
        self.query = query.select([pl.col(f"r_{rule.id}").alias(rule.id) for rule in base.rules])

    def fired(self) -> dict[str, Any]:
        """The columns of the rules."""
        return {column.name: column.to_arrow() for column in self.query.collect()}

    def rule(self, rule: RuleSpec) -> Any:
        """The expression of a rule."""
        return reduce(and_, [self.test(rule.when), *(~self.grade(name, rank) for name, rank in rule.unless)])

    def grade(self, name: str, rank: int) -> Any:
        """A conclusion at a grade or above."""
        return self.pl.col(f"c_{name}_{rank}") if f"c_{name}_{rank}" in self.assigned else self.pl.lit(False)

    def grades(self, layer: Sequence[RuleSpec]) -> dict[str, Any]:
        """The grades that a stratum grants."""
        granting: dict[str, list[Any]] = {}
        for rule in layer:
            for name, rank in rule.then:
                for lower in range(rank + 1):
                    granting.setdefault(f"c_{name}_{lower}", []).append(self.pl.col(f"r_{rule.id}"))
        for name in granting.keys() & self.assigned:
            granting[name].append(self.pl.col(name))
        self.assigned |= granting.keys()
        return {name: reduce(or_, terms) for name, terms in granting.items()}

    def test(self, test: Test) -> Any:
        """A condition as an expression that is never null."""
        kind = test[0]
        if kind in JOIN:
            return reduce(and_ if kind == "all" else or_, map(self.test, test[1]))
        if kind == "at_least":
            return _ladder([self.test(member) for member in test[2]], test[1])
        if kind == "derived":
            return self.grade(test[1], test[2])
        column = self.pl.col(test[1])
        if kind == "number":
            compare = {">": column.gt, ">=": column.ge, "<": column.lt, "<=": column.le, "==": column.eq}[test[2]]
            return compare(test[3]).fill_null(False)
        if kind == "choice":
            return reduce(or_, [column == choice for choice in test[2]]).fill_null(False)
        return {
            "present": column.fill_null(False),
            "absent": ~column.fill_null(True),
            "unknown": column.is_null(),
            "known": column.is_not_null(),
        }[kind]


def _ladder(members: list[Any], k: int) -> Any:
    rungs: list[Any] = []
    for member in members:
        for rung in reversed(range(min(len(rungs) + 1, k))):
            step = rungs[rung - 1] & member if rung else member
            if rung < len(rungs):
                rungs[rung] = rungs[rung] | step
            else:
                rungs.append(step)
    return rungs[k - 1]


class DuckDb:
    """DuckDB: one SQL query over a native table, a nested select per stratum, on one thread."""

    name = "DuckDB"

    def __init__(self, base: Base, table: pa.Table) -> None:
        import duckdb

        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.register("given", table)
        self.connection.execute("create table cases as select * from given")
        self.connection.unregister("given")
        self.assigned: set[str] = set()
        text = "cases"
        for layer in base.strata:
            rules = ", ".join(f'{self.rule(rule)} as "{rule.id}"' for rule in layer)
            text = f"(select *, {rules} from {text})"
            text = f"(select *, {', '.join(self.grades(layer))} from {text})" if layer else text
        names = ", ".join(f'"{rule.id}"' for rule in base.rules)
        self.text = f"select {names} from {text}"

    def fired(self) -> dict[str, Any]:
        """The columns of the rules."""
        result = self.connection.sql(self.text).to_arrow_table()
        return dict(zip(result.column_names, result.columns, strict=True))

    def rule(self, rule: RuleSpec) -> str:
        """The expression of a rule."""
        blockers = [f"not {self.grade(name, rank)}" for name, rank in rule.unless]
        return " and ".join([self.test(rule.when), *blockers])

    def grade(self, name: str, rank: int) -> str:
        """A conclusion at a grade or above."""
        return f'"c_{name}_{rank}"' if f"c_{name}_{rank}" in self.assigned else "false"

    def grades(self, layer: Sequence[RuleSpec]) -> list[str]:
        """The grades that a stratum grants; each conclusion is concluded in one stratum."""
        granting: dict[str, list[str]] = {}
        for rule in layer:
            for name, rank in rule.then:
                for lower in range(rank + 1):
                    granting.setdefault(f"c_{name}_{lower}", []).append(f'"{rule.id}"')
        self.assigned |= granting.keys()
        return [f'({" or ".join(terms)}) as "{name}"' for name, terms in granting.items()]

    def test(self, test: Test) -> str:
        """A condition as an expression that is never null."""
        kind = test[0]
        if kind in JOIN:
            return f"({JOIN[kind].join(map(self.test, test[1]))})"
        if kind == "at_least":
            return f"({' + '.join(f'({self.test(member)})::utinyint' for member in test[2])} >= {test[1]})"
        if kind == "derived":
            return self.grade(test[1], test[2])
        name = f'"{test[1]}"'
        if kind == "number":
            return f"coalesce({name} {test[2]} {test[3]}, false)"
        if kind == "choice":
            return f"coalesce({name} in ({', '.join(repr(choice) for choice in test[2])}), false)"
        plain = {"present": f"coalesce({name}, false)", "absent": f"not coalesce({name}, true)"}
        return plain.get(kind) or f"({name} is {'' if kind == 'unknown' else 'not '}null)"


def make_copy(octets: int = 256 * 1024 * 1024) -> Any:
    """A plain memory copy of that many bytes."""
    source = np.ones(octets // 8)
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)
