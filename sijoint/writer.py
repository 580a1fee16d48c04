"""What commands write to files: the whole file or none, and the file that was there stays until then.

In: a path and its content. Out: a file, or `WriteError` with what to do. A path is tried before the work begins.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .knowledge.errors import SijointError


class WriteError(SijointError):
    """A file cannot be written; the message says which, why and how to go on."""


def tried(*paths: Path | None) -> None:
    """Nothing, when a file can be written at every path that is given.

    Raises:
        WriteError: one cannot.
    """
    for path in paths:
        if path is not None:
            with _refusals(path):
                place, beside = _beside(path)
                os.close(_created(beside, place))
                beside.unlink()


def tried_folder(folder: Path | None) -> None:
    """Nothing, when a folder is given that is there or can be made, and that takes files.

    Raises:
        WriteError: it does not.
    """
    if folder is not None:
        with _refusals(folder):
            _beside(folder / "any")
            folder.mkdir(parents=True, exist_ok=True)
        tried(folder / f".sijoint-{secrets.token_hex(8)}")


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all.

    Raises:
        WriteError: it cannot be written; a file that was there is as it was.
    """
    with writing(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A binary stream whose content replaces the file at `path` when the block ends well, with the mode of that file.

    Raises:
        WriteError: it cannot be written; a file that was there is as it was.
    """
    with _refusals(path):
        place, beside = _beside(path)
        descriptor = _created(beside, place)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror}; choose a file in a folder that takes files") from error


def _beside(path: Path) -> tuple[Path, Path]:
    """The file that a path means, links followed, and a name beside it that is free."""
    try:
        place = Path(os.path.realpath(path))
        os.fsencode(place)
    except ValueError:
        raise OSError(0, "it is no file name") from None
    if place.exists() and not place.is_file():
        raise OSError(0, "it is a folder" if place.is_dir() else "it is not a regular file")
    return place, place.parent / f".sijoint-{secrets.token_hex(8)}.tmp"


def _created(beside: Path, place: Path) -> int:
    """An open new file, with the mode of the file in whose place it will stand."""
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    if place.exists() and hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(place.stat().st_mode))
    return descriptor
