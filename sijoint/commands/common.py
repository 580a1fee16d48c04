"""What every command shares: the option that names packs, exit statuses, and errors of input as messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ..knowledge.errors import CaseError, EngineError, KnowledgeError
from ..knowledge.language import KnowledgeBase
from ..printer import tell
from ..writer import WriteError

FAILED, BAD_INPUT, INTERRUPTED, UNREAD = 1, 2, 130, 141
"""Exit statuses; the last two are 128 and the number of SIGINT and SIGPIPE, as shells have it."""

Packs = Annotated[
    list[Path] | None, typer.Option("--packs", "-p", help="Pack folders to use in place of the shipped ones; repeatable.")
]


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors of input into a message on stderr and an exit status."""
    try:
        yield
    except (CaseError, KnowledgeError, WriteError) as error:
        tell(str(error))
        raise typer.Exit(BAD_INPUT) from None
    except EngineError as error:
        tell(f"no answer: {error}")
        raise typer.Exit(FAILED) from None


def refuse(message: str) -> NoReturn:
    """End with a message about the input."""
    tell(message)
    raise typer.Exit(BAD_INPUT)


def knowledge_from(packs: list[Path] | None) -> KnowledgeBase:
    """The knowledge that a command works with; a pack that stands in for a shipped one is named on stderr."""
    from ..knowledge.loader import load_knowledge

    return named(load_knowledge(*(packs or ()), cases=False))


def named(knowledge: KnowledgeBase) -> KnowledgeBase:
    """The knowledge, once stderr says which packs only bear the name of a shipped one."""
    for name in knowledge.not_shipped:
        version = next(pack.version for pack in knowledge.packs if pack.pack == name)
        what = f"{name} {version} is not the pack that ships with sijoint"
        tell(f"note: {what}; the knowledge has the fingerprint {knowledge.fingerprint}")
    return knowledge
