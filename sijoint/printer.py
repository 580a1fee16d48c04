"""What commands print: results to standard output, messages to standard error, harmless to a terminal and written whole.

In: text, or JSON. Out: bytes on the two streams. Where a result cannot be written whole, `OSError` says so; a message that
cannot be written is lost, as there is nowhere left to say it, and the exit status stands.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
from typing import TextIO

from .explain.inert import inert


def say(text: str, *, end: str = "\n") -> None:
    """Print a result.

    Raises:
        OSError: standard output is closed, broken or full.
    """
    _write(sys.stdout, inert(text).expandtabs() + end)


def say_json(text: str) -> None:
    """Print a JSON document, with every character that could steer a terminal as an escape: the same document.

    Raises:
        OSError: standard output is closed, broken or full.
    """
    _write(sys.stdout, escaped(text))


def tell(message: str) -> None:
    """Print a message on standard error."""
    with contextlib.suppress(OSError):
        _write(sys.stderr, inert(message).expandtabs() + "\n")


def abandon() -> None:
    """Nothing more is written to standard output, at the end of the process either."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def escaped(text: str) -> str:
    r"""JSON text with unsafe characters as JSON writes them.

    >>> escaped('"a\u202eb"')
    '"a\\u202eb"'
    """
    return "".join(char if inert(char) == char else _units(char) for char in text) if inert(text) != text else text


def _units(char: str) -> str:
    """A character as JSON escapes: one for each of its UTF-16 units."""
    pairs = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[place : place + 4]}" for place in range(0, len(pairs), 4))


def _write(stream: TextIO | None, text: str) -> None:
    """Write all of a text; past the buffers, which report a short write of an unbuffered stream to nobody."""
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    stream.flush()
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(text)
        stream.flush()
        return
    raw = getattr(binary, "raw", binary)
    rest = memoryview(text.encode(stream.encoding or "utf-8", "backslashreplace"))
    while rest:
        written = raw.write(rest)
        if written is None:
            select.select([], [raw], [])
        else:
            rest = rest[written:]
    raw.flush()
