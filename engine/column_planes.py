"""One finding column -> atom planes, tile by tile: Arrow or NumPy columns as `uint64` words, plain sequences as long ints.

In: a column of values, unknown where it is null. Out: objects that give `tile(start, stop)`, and tiles that give `plane(test)`:
bit i of a plane is row `start + i`, least significant bit first, as in an Arrow bitmap. Bits beyond the last row are not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Protocol

from ..knowledge.conditions import Absent, ChoiceTest, FindingTest, Known, Later, NumberTest, Present, Unknown
from ..knowledge.language import Finding
from .atoms import COMPARISONS
from .case import Value

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
    Array = np.ndarray[Any, Any]

WORD = 64


class Tile(Protocol):
    """Some rows of one finding column."""

    def plane(self, test: FindingTest) -> Any:
        """The plane of the rows in which a test of this finding holds; `later` never does: columns carry no dates."""

    def faults(self, finding: Finding) -> str | None:
        """What is wrong with the values, in words that repeat none of them."""


class Column(Protocol):
    """One finding column."""

    def __len__(self) -> int: ...

    def tile(self, start: int, stop: int) -> Tile:
        """The rows from `start` to before `stop`; `start` is a multiple of 64."""

    def value(self, row: int) -> Value | None:
        """The value in one row, None for unknown."""


# Words: the planes of NumPy --------------------------------------------------------------------------------


def words_of(bitmap: Any, offset: int, rows: int) -> Words:
    """The words of a bitmap from bit `offset` on: a view where the bitmap allows it, otherwise a copy.

    Arrow bitmaps need not start at a byte (slices) nor end at a word.
    """
    import numpy as np

    first, shift = divmod(offset, 8)
    size = -(-rows // WORD) * 8
    octets: Array = np.frombuffer(bitmap, np.uint8)[first : first + size + bool(shift)]
    if shift:
        moved: Array = octets >> shift
        moved[:-1] |= octets[1:] << (8 - shift)
        octets = moved[:size]
    if len(octets) < size:
        octets = np.pad(octets, (0, size - len(octets)))
    words = octets.view(np.uint64)
    return words if words.flags.aligned else words.copy()


def packed(flags: Array) -> Words:
    """Booleans, one byte each, as words."""
    import numpy as np

    octets = np.packbits(flags, bitorder="little")
    return words_of(octets, 0, len(flags))


@dataclass(frozen=True)
class YesNoTile:
    """`value` and `valid` as words; `valid` is None where every row is known."""

    value: Words
    valid: Words | None

    def plane(self, test: FindingTest) -> Words:
        """The words of a test."""
        match test:
            case Present():
                return self.value if self.valid is None else self.value & self.valid
            case Absent():
                return ~self.value if self.valid is None else self.valid & ~self.value
            case _:
                return _recorded(test, self.valid, len(self.value))

    def faults(self, finding: Finding) -> str | None:
        """Booleans cannot be wrong."""
        return None


@dataclass(frozen=True)
class NumberTile:
    """Numbers of one machine type, and `valid` as words or None; a number in a null row is arbitrary."""

    numbers: Array
    valid: Words | None

    def plane(self, test: FindingTest) -> Words:
        """The words of a test."""
        if not isinstance(test, NumberTest):
            return _recorded(test, self.valid, _words_for(self.numbers))
        passed = packed(COMPARISONS[test.comparison](self.numbers, test.value))  # type: ignore[arg-type]
        return passed if self.valid is None else passed & self.valid

    def faults(self, finding: Finding) -> str | None:
        """Numbers outside the range, not finite, or not whole."""
        import numpy as np

        low, high = finding.range or (-np.inf, np.inf)
        fractions = finding.whole and self.numbers.dtype.kind == "f"
        if not fractions and low <= self.numbers.min() and self.numbers.max() <= high:
            return None
        wrong = ~((self.numbers >= low) & (self.numbers <= high))
        if fractions:
            wrong |= self.numbers != np.floor(self.numbers)
        return _count_wrong(packed(wrong), self.valid, len(wrong), "out of range or not whole")


@dataclass(frozen=True)
class ChoiceTile:
    """Positions in `names`, one per row, and `valid` as words or None; a null row has any position.

    `chosen` keeps the words of each position that a test asked for.
    """

    positions: Array
    names: Sequence[str | None]
    valid: Words | None
    chosen: dict[int, Words] = field(default_factory=dict)

    def plane(self, test: FindingTest) -> Words:
        """The words of a test."""
        if not isinstance(test, ChoiceTest):
            return _recorded(test, self.valid, _words_for(self.positions))
        chosen = self._at([place for place, name in enumerate(self.names) if name in test.choices])
        return chosen if self.valid is None else chosen & self.valid

    def faults(self, finding: Finding) -> str | None:
        """Names that are no choice of the finding."""
        places = [place for place, name in enumerate(self.names) if name is not None and name not in finding.choices]
        wrong = self._at(places)
        return _count_wrong(wrong, self.valid, len(self.positions), "not one of its choices")

    def without_null_names(self) -> ChoiceTile:
        """The same with the rows that name nothing as unknown: Arrow allows a null among the names."""
        named = ~self._at([place for place, name in enumerate(self.names) if name is None])
        return ChoiceTile(self.positions, self.names, named if self.valid is None else named & self.valid)

    def _at(self, places: Sequence[int]) -> Words:
        import numpy as np

        for place in places:
            if place not in self.chosen:
                self.chosen[place] = packed(self.positions == place)
        nothing = np.zeros(_words_for(self.positions), np.uint64)
        return reduce(or_, [self.chosen[place] for place in places], nothing)


def _words_for(rows: Any) -> int:
    return -(-len(rows) // WORD)


def _recorded(test: FindingTest, valid: Words | None, words: int) -> Words:
    """The words of `known` and `unknown`; of any other test, which this type of finding never meets."""
    import numpy as np

    if valid is not None and isinstance(test, Known | Unknown):
        return valid if isinstance(test, Known) else ~valid
    return np.full(words, ~np.uint64(0) if isinstance(test, Known) else np.uint64(0))


def _count_wrong(wrong: Words, valid: Words | None, rows: int, what: str) -> str | None:
    seen = wrong if valid is None else wrong & valid
    count = (int.from_bytes(seen.tobytes(), "little") & ((1 << rows) - 1)).bit_count()
    return f"{count} values {what}" if count else None


# Columns ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ArrowColumn:
    """An Arrow array or chunked array of one of the types of `tile_maker`."""

    values: pa.Array | pa.ChunkedArray
    make: Callable[[pa.Array], Tile]

    def __len__(self) -> int:
        return len(self.values)

    def tile(self, start: int, stop: int) -> Tile:
        """The rows as words; chunks are joined tile by tile."""
        part = self.values.slice(start, stop - start)
        if hasattr(part, "chunks"):
            part = part.chunk(0) if part.num_chunks == 1 else part.combine_chunks()
        return self.make(part)

    def value(self, row: int) -> Value | None:
        """The value in one row."""
        found: Value | None = self.values[row].as_py()
        return found


def arrow_tile_maker(finding: Finding, kind: pa.DataType) -> Callable[[pa.Array], Tile] | None:
    """How to read an Arrow type for a finding; None where the type does not fit."""
    import pyarrow.types as types

    if types.is_null(kind):
        return _nulls
    if finding.type == "yes_no":
        return _yes_no if types.is_boolean(kind) else None
    if finding.type == "number":
        return _numbers if types.is_integer(kind) or types.is_floating(kind) else None
    text = kind.value_type if types.is_dictionary(kind) else kind
    is_text = types.is_string(text) or types.is_large_string(text) or types.is_string_view(text)
    return _choices if is_text else None


def _valid(array: pa.Array) -> Words | None:
    bitmap = array.buffers()[0]
    return None if bitmap is None else words_of(bitmap, array.offset, len(array))


def _nulls(array: pa.Array) -> Tile:
    import numpy as np

    nothing = np.zeros(_words_for(array), np.uint64)
    return YesNoTile(nothing, nothing)


def _yes_no(array: pa.Array) -> Tile:
    return YesNoTile(words_of(array.buffers()[1], array.offset, len(array)), _valid(array))


def _numbers(array: pa.Array) -> Tile:
    import numpy as np

    kind = np.dtype(array.type.to_pandas_dtype())
    numbers = np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]
    return NumberTile(_wide(numbers), _valid(array))


def _wide(numbers: Array) -> Array:
    """Small floats as doubles, so that a comparison means the same as with the number of one row."""
    return numbers.astype("float64") if numbers.dtype.kind == "f" and numbers.itemsize < 8 else numbers


def _choices(array: pa.Array) -> Tile:
    import numpy as np

    coded = array if hasattr(array, "indices") else array.dictionary_encode()
    places = coded.indices
    kind = np.dtype(places.type.to_pandas_dtype())
    found = np.frombuffer(places.buffers()[1], kind)[places.offset : places.offset + len(places)]
    tile = ChoiceTile(found, coded.dictionary.to_pylist(), _valid(places))
    return tile if None not in tile.names else tile.without_null_names()


@dataclass(frozen=True)
class NumpyColumn:
    """A NumPy array; unknown is what a masked array masks, or NaN among numbers."""

    values: Array
    finding: Finding

    def __len__(self) -> int:
        return len(self.values)

    def tile(self, start: int, stop: int) -> Tile:
        """The rows as words."""
        import numpy as np

        part = np.ma.getdata(self.values)[start:stop]
        mask = np.ma.getmask(self.values)
        valid = None if mask is np.ma.nomask else packed(~np.broadcast_to(mask, self.values.shape)[start:stop])
        if self.finding.type == "yes_no":
            return YesNoTile(packed(part), valid)
        if self.finding.type == "choice":
            places = np.full(len(part), -1, np.int8)
            for place, name in enumerate(self.finding.choices):
                places[part == name] = place
            return ChoiceTile(places + 1, ["", *self.finding.choices], valid)
        numbers = _wide(part)
        if numbers.dtype.kind == "f" and np.isnan(numbers).any():
            known = packed(~np.isnan(numbers))
            valid = known if valid is None else valid & known
        return NumberTile(numbers, valid)

    def value(self, row: int) -> Value | None:
        """The value in one row."""
        import numpy as np

        found = self.values[row]
        if found is np.ma.masked or (self.finding.type == "number" and found != found):
            return None
        return found.item()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class PlainColumn:
    """A plain sequence with None for unknown; it is its own tile, with long ints as planes. It needs no other library."""

    values: Sequence[Value | None]

    def __len__(self) -> int:
        return len(self.values)

    def tile(self, start: int, stop: int) -> Tile:
        """The rows, as long ints."""
        return PlainColumn(self.values[start:stop])

    def value(self, row: int) -> Value | None:
        """The value in one row."""
        return self.values[row]

    def plane(self, test: FindingTest) -> int:
        """The long int of a test."""
        match test:
            case Present():
                return self._bits(lambda value: value is True)
            case Absent():
                return self._bits(lambda value: value is False)
            case Known():
                return self._bits(lambda value: value is not None)
            case Unknown():
                return self._bits(lambda value: value is None)
            case NumberTest(comparison=comparison, value=bound):
                compare = COMPARISONS[comparison]
                return self._bits(lambda value: value is not None and compare(value, bound))
            case ChoiceTest(choices=choices):
                return self._bits(lambda value: value in choices)
            case Later():
                return 0

    def _bits(self, holds: Callable[[Any], bool]) -> int:
        return int("".join(["1" if holds(value) else "0" for value in reversed(self.values)]) or "0", 2)

    def faults(self, finding: Finding) -> str | None:
        """Values of another type, out of range, or no choice of the finding."""
        count = sum(not _fits(value, finding) for value in self.values if value is not None)
        return f"{count} values of another type, out of range or not one of its choices" if count else None


def _fits(value: Any, finding: Finding) -> bool:
    if finding.type == "yes_no":
        return isinstance(value, bool)
    if finding.type == "choice":
        return isinstance(value, str) and value in finding.choices
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = finding.range or (value, value)
    return low <= value <= high and (not finding.whole or value == int(value))
