"""A plain YAML scalar -> the value that a person reads in it: decimal numbers, yes/no/true/false, dates; the rest is text.

In: the characters of an unquoted scalar. Out: a value. YAML 1.1 reads `072` as 58, `1:30` as 90 and `on` as true; here
nothing is read as another number than the decimal one, and what is no decimal number stays the text that was written.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta

Scalar = None | bool | int | float | str | date | datetime

BOOLEANS = {
    spelling: value for word, value in (("yes", True), ("true", True), ("no", False), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}  # fmt: skip
NULLS = {"", "~", "null", "Null", "NULL"}
LONGEST_NUMBER = 400
_NUMBER = re.compile(r"[-+]?(?P<digits>[0-9]+(?P<point>\.[0-9]*)?|\.[0-9]+)(?P<exponent>[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?)?", re.ASCII
)
EAST, WEST = timedelta(hours=14), timedelta(hours=-12)


def plain_scalar(text: str) -> Scalar:
    """What an unquoted scalar says.

    Raises:
        ValueError: it has the form of a date or number, and there is none such.

    >>> [plain_scalar(text) for text in ("072", "0o17", "1_000", "1:30", "1e3", ".5", "on", "Yes")]
    [72, '0o17', '1_000', '1:30', 1000.0, 0.5, 'on', True]
    """
    if text in BOOLEANS:
        return BOOLEANS[text]
    if text in NULLS:
        return None
    if _NUMBER.fullmatch(text):
        return decimal_number(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "").lower())
    if _DAY.fullmatch(text) or _MOMENT.fullmatch(text):
        return moment(text)
    return text


def decimal_number(text: str) -> int | float:
    """The number that decimal digits say: whole ones as `int`, the others as the nearest `float`.

    Raises:
        ValueError: it is no decimal number, or too long, too large or too small to be kept.

    >>> decimal_number("0300"), decimal_number("-.5")
    (300, -0.5)
    """
    match = _NUMBER.fullmatch(text)
    if not match or len(text) > LONGEST_NUMBER:
        raise ValueError("no decimal number, or too long")
    if match["point"] is None and match["exponent"] is None and "." not in text:
        return int(text)
    value = float(text)
    if math.isinf(value) or (value == 0 and match["digits"].strip("0.")):
        raise ValueError("too large or too small")
    return value


def moment(text: str) -> date | datetime:
    """A date YYYY-MM-DD, or one with a time and perhaps a zone between UTC-12 and UTC+14.

    Raises:
        ValueError: it is written otherwise, or there is no such moment.

    >>> moment("2026-11-22T23:00-05:00").isoformat()
    '2026-11-22T23:00:00-05:00'
    """
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    if not _MOMENT.fullmatch(text):
        raise ValueError("not written as YYYY-MM-DD, with or without a time")
    found = datetime.fromisoformat(text)
    if (offset := found.utcoffset()) is not None and not WEST <= offset <= EAST:
        raise ValueError("no such time zone")
    return found
