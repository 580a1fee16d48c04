"""Finding columns in, conclusion and rule columns out: many cases at once, without a Python object per case.

In: a compiled program and a column per finding (Arrow, NumPy, or plain sequences; null is unknown). Out: `Batch`, whose
bit-planes are Arrow boolean buffers. Rows are evaluated in tiles that stay in the cache. Names and types of what comes out are
in docs/columns.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..knowledge.conditions import FINDING_TESTS, All, leaves
from ..knowledge.errors import EngineError, RowError, nearest
from ..knowledge.frozen import FrozenDict
from ..knowledge.items import NO_FLAG, NOT_DETERMINED, ONLY_GRADE, URGENCY
from ..knowledge.language import Conclusion, Consequence, Constraint, KnowledgeBase, Rule
from .bitplane import Bitplane
from .case import Case
from .case_reader import read_case
from .column_planes import WORD, Column, PlainColumn
from .column_reading import Given, read_table, row_name
from .program import Outcome, Program

if TYPE_CHECKING:
    import pyarrow as pa

TILE = 16 * 1024
"""Bytes of one plane in one tile, fewer for a program of many planes so that all of a tile stay within `LIVE`."""
LIVE = 16 * 1024 * 1024
SMALLEST = 512


CONTRADICTIONS = "contradictions"


@dataclass(frozen=True)
class Batch:
    """The answers for many cases, bit by bit: `rules[id]` and `grades[conclusion, grade]` hold one bit per row.

    A plane is a bitmap, least significant bit first, zero beyond the last row. `columns` are the findings as they were given,
    `constraints[id]` the rows whose answers contradict each other there, `given` the table with what is kept of it.
    """

    knowledge: KnowledgeBase
    bitplane: Bitplane
    rows: int
    columns: Mapping[str, Column]
    rules: Mapping[str, memoryview]
    grades: Mapping[tuple[str, str], memoryview]
    constraints: Mapping[str, memoryview] = field(default_factory=dict)
    given: Given | None = None

    def __post_init__(self) -> None:
        for name in ("columns", "rules", "grades", "constraints"):
            object.__setattr__(self, name, FrozenDict(getattr(self, name)))

    def __repr__(self) -> str:
        return f"<Batch: {self.rows} rows, {len(self.rules)} rules>"

    def case(self, row: int) -> Case:
        """One row as a case of its own, named by its id, or `row N`, counted from 0.

        Raises:
            RowError: there is no such row; an IndexError.
        """
        self._check(row)
        values = {name: column.value(row) for name, column in self.columns.items()}
        name = row_name(self.given, row) if self.given else f"row {row}"
        return read_case({"case": name, "findings": values}, self.knowledge)

    def outcome(self, row: int) -> Outcome:
        """The fired rules and the grades of one row, as the planes have them; only of the rules that were asked for."""
        held = dict(name for name, plane in self.grades.items() if self._bit(plane, row))
        return Outcome(frozenset(name for name, plane in self.rules.items() if self._bit(plane, row)), tuple(held.items()))

    def disposition(self, row: int) -> str:
        """The urgency of one row: its highest tier, `not_determined`, or `no_flag_in_answers` once every screen is complete."""
        states = self.screens(row).values()
        tier = dict(self.outcome(row).grades).get(URGENCY)
        return tier or (NO_FLAG if states and "open" not in states else NOT_DETERMINED)

    def screens(self, row: int) -> dict[str, str]:
        """Each screen of one row, `open` or `complete`."""
        return {name: "open" if self._bit(plane, row) else "complete" for name, plane in self.open_screens.items()}

    def contradictions(self, row: int) -> tuple[str, ...]:
        """The constraints that the answers of one row break, in the order of the packs."""
        return tuple(name for name, plane in self.constraints.items() if self._bit(plane, row))

    @property
    def open_screens(self) -> dict[str, memoryview]:
        """The rows in which each screen is open."""
        weakest = {item.id: item.grades[0] for item in self.bitplane.program.conclusions}
        return {screen.id: self.grades[screen.open, weakest[screen.open]] for screen in self.knowledge.screens}

    def count(self, rule: str) -> int:
        """In how many rows a rule fires."""
        return int.from_bytes(self.rules[rule], "little").bit_count()

    def to_arrow(self) -> pa.Table:
        """What is kept, then urgency, screens, contradictions, conclusions and rules; docs/columns.md names every column.

        Raises:
            CaseError: a column to be kept cannot be an Arrow column.
            EngineError: pyarrow or NumPy is not installed.
        """
        from .column_frame import need_arrow

        need_arrow()
        from .column_output import table_of

        return table_of(self)

    def _check(self, row: int) -> None:
        if not 0 <= row < self.rows:
            raise RowError(f"no row {row}: the table has {self.rows} rows, counted from 0")

    def _bit(self, plane: memoryview, row: int) -> bool:
        self._check(row)
        return bool(plane[row // 8] >> row % 8 & 1)


def infer_columns(
    bitplane: Bitplane,
    knowledge: KnowledgeBase,
    columns: Any,
    rules: Iterable[str] | None = None,
    *,
    keep: Iterable[str] = (),
    id: str | None = None,
) -> Batch:
    """Evaluate a table of cases.

    `columns` maps finding ids (`thigh_thrust.left` for a side) to columns of one length, or is an Arrow table or anything that
    exports an Arrow stream. A finding without a column is unknown in every row; `later` tests fail, for columns carry no dates.
    `rules` names the rules whose planes are wanted, by default all; `keep` and `id` the columns to copy beside the answers.

    Raises:
        CaseError: a column names no finding, has the wrong type or length, is damaged, or holds values that a case may not;
            all are listed.
        EngineError: `rules` names a rule that does not exist, or what was given needs pyarrow.
    """
    wanted = _wanted(bitplane, rules)
    names = [rule.id for rule in bitplane.program.rules]
    asked = [names[number] for number in wanted if number < len(names)]
    taken = answer_names(knowledge, asked)
    given = read_table(columns, knowledge, keep=keep, id=id, taken=taken)
    contradicting = constraint_program(knowledge.constraints)
    wanted += range(len(names) + len(bitplane.grade_keys), len(names) + len(bitplane.grade_keys) + len(knowledge.constraints))
    plain = any(isinstance(column, PlainColumn) for column in given.columns.values())
    evaluate = _evaluate_ints if plain or not given.columns else _evaluate_words
    planes = iter(evaluate((bitplane, contradicting), given, wanted))
    fired = dict(zip(asked, planes, strict=False))
    grades = {key: next(planes) for key in bitplane.grade_keys}
    broken = {item.id: next(planes) for item in knowledge.constraints}
    return Batch(
        knowledge=knowledge,
        bitplane=bitplane,
        rows=given.rows,
        columns=given.columns,
        rules=MappingProxyType(fired),
        grades=MappingProxyType(grades),
        constraints=MappingProxyType(broken),
        given=given,
    )


def _wanted(bitplane: Bitplane, rules: Iterable[str] | None) -> list[int]:
    """The numbers of the planes to keep: rules first, then every grade."""
    names = {rule.id: number for number, rule in enumerate(bitplane.program.rules)}
    asked = list(dict.fromkeys(rules)) if rules is not None else list(names)
    for name in asked:
        if name not in names:
            raise EngineError(f"no rule {name[:80]}; {nearest(name, names)}")
    return sorted(names[name] for name in asked) + list(range(len(names), len(names) + len(bitplane.grade_keys)))


def answer_names(knowledge: KnowledgeBase, rules: Iterable[str]) -> tuple[str, ...]:
    """The names of the columns of the answers, in order.

    Raises:
        EngineError: a conclusion has the name of another column.
    """
    conclusions = [item.id for item in knowledge.conclusions if item.id != URGENCY]
    if CONTRADICTIONS in conclusions:
        raise EngineError(f"a conclusion is called {CONTRADICTIONS}, as a column of every answer is; rename the conclusion")
    return (URGENCY, *(f"screen:{item.id}" for item in knowledge.screens), CONTRADICTIONS, *conclusions, *rules)


@lru_cache(maxsize=16)
def constraint_program(constraints: tuple[Constraint, ...]) -> Bitplane:
    """A compiled program with one rule per constraint, which fires where the answers break it."""
    broken = Conclusion(id="broken", kind="constraint", source=("none",))
    then = (Consequence(conclusion=broken.id, grade=ONLY_GRADE),)
    rules = tuple(
        Rule(id=f"constraint/c{number}", title=item.because, when=All(of=item.never), then=then, source=broken.source)
        for number, item in enumerate(constraints)
    )
    atoms = dict.fromkeys(leaf for rule in rules for leaf in leaves(rule.when) if isinstance(leaf, FINDING_TESTS))
    return Bitplane(Program("", tuple(atoms), (rules,), (broken,)))


# Evaluating ----------------------------------------------------------------------------------------------------


def _tiles(rows: int, size: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + size, rows)) for start in range(0, rows, size))


def _tile_rows(bitplane: Bitplane) -> int:
    """Rows of a tile: whole words, and as many as keep the planes of one evaluation in the cache."""
    program = bitplane.program
    planes = 1 + len(program.atoms) + len(program.rules) + len(bitplane.grade_keys)
    octets = TILE
    while octets * planes > LIVE and octets > SMALLEST:
        octets //= 2
    return octets * 8


Programs = Sequence[Bitplane]


def _evaluate_words(programs: Programs, given: Given, wanted: Sequence[int]) -> list[memoryview]:
    """The planes wanted, evaluated on NumPy words."""
    import numpy as np

    rows, words = given.rows, -(-given.rows // WORD)
    found = np.empty((len(wanted), words), np.uint64)
    for start, stop in _tiles(rows, _tile_rows(programs[0])):
        first, last = start // WORD, -(-stop // WORD)
        one = np.full(last - first, ~np.uint64(0))
        planes = _run(programs, given.columns, (start, stop), one)
        for number, place in enumerate(wanted):
            found[number, first:last] = planes[place]
    if rows % WORD:
        found[:, -1] &= np.uint64((1 << rows % WORD) - 1)
    found.flags.writeable = False
    return [plane.view(np.uint8).data for plane in found]


def _evaluate_ints(programs: Programs, given: Given, wanted: Sequence[int]) -> list[memoryview]:
    """The planes wanted, evaluated on long ints."""
    found = [bytearray() for _ in wanted]
    for start, stop in _tiles(given.rows, _tile_rows(programs[0])):
        planes = _run(programs, given.columns, (start, stop), (1 << stop - start) - 1)
        for plane, place in zip(found, wanted, strict=True):
            plane += planes[place].to_bytes(-(-(stop - start) // 8), "little")
    return [memoryview(bytes(plane)) for plane in found]


HOLDS_UNGIVEN = ("unknown", "not_earlier")
"""Tests that hold of a finding without a column, or of a row, which is a first visit."""


def _run(programs: Programs, columns: Mapping[str, Column], span: tuple[int, int], one: Any) -> list[Any]:
    """Every rule and grade plane of one tile, program after program."""
    nothing = one ^ one
    atoms = [[one if atom.test in HOLDS_UNGIVEN else nothing for atom in item.program.atoms] for item in programs]
    # Finding by finding: the values of one column stay in the cache for all of its tests.
    for name, column in columns.items():
        tile = column.tile(*span)
        for item, planes in zip(programs, atoms, strict=True):
            for number, test in item.tests_of.get(name, ()):
                planes[number] = tile.plane(test)
    results = [item.run(planes, one) for item, planes in zip(programs, atoms, strict=True)]
    return [plane for result in results for plane in (*result.rules, *result.grades)]
