"""One safe opener: regular files only, and never more bytes than allowed.

In: a path and a limit. Out: bytes. A pipe, device or folder is refused before it is read, so that nothing hangs and nothing
endless is taken in.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


class UnreadableFileError(OSError):
    """A file that cannot be read; its text is the reason alone, without the name of the file."""


def open_regular(path: Path) -> BinaryIO:
    """A regular file, open for reading.

    Raises:
        UnreadableFileError: it is missing, not allowed, or not a regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except ValueError:  # a zero byte in it, or half of a surrogate pair
        raise UnreadableFileError("not a file name") from None
    except OSError as error:
        raise UnreadableFileError(error.strerror or "not readable") from None
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise UnreadableFileError("Is a directory" if stat.S_ISDIR(mode) else "not a regular file")


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file, at most `limit` + 1 of them: one more than `limit` tells that there are too many.

    Raises:
        UnreadableFileError: it cannot be read.
    """
    with open_regular(path) as stream:
        try:
            return stream.read(limit + 1)
        except OSError as error:
            raise UnreadableFileError(error.strerror or "not readable") from None
