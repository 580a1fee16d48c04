"""Files that may be anything -> their bytes, never more than asked for.

In: a path. Out: bytes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_bounded(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of a regular file and one more, by which a longer file is known.

    Raises:
        OSError: it cannot be read, or is a device, a pipe or anything else that is no regular file.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not a regular file")
        return file.read(limit + 1)
