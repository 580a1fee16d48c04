"""The command line: results on stdout, messages on stderr; exit status 0 done, 1 a check failed, 2 bad input or output that
cannot be written, 130 interrupted, 141 nobody reads on. Never a traceback for what comes from outside.

In: arguments. Out: text or JSON. It holds no logic of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import StringIO
from typing import Any, NoReturn, cast

import typer
from typer.core import TyperGroup

from .commands import assessing, batch, catalogue, explaining, reporting, tables, verifying
from .commands.common import BAD_INPUT, INTERRUPTED, UNREAD
from .printer import abandon, tell

_Wrong = cast(type[typer.BadParameter], typer.BadParameter.__mro__[2])
"""The base of every error of usage, which typer itself does not name."""


class Commands(TyperGroup):
    """The commands; each ends with a status that tells what happened."""

    def main(self, *_: Any, **given: Any) -> NoReturn:
        """Run the command that the arguments name, those of the process by default, and exit."""
        arguments = given.get("args")
        sys.exit(_status(lambda: self._run([*(sys.argv[1:] if arguments is None else arguments)])))

    def _run(self, arguments: list[str]) -> None:
        with self.make_context("sijoint", arguments) as context:
            self.invoke(context)


def _status(run: Callable[[], None]) -> int:
    """The exit status of a run; what came from outside and went wrong becomes a message."""
    try:
        run()
    except typer.Exit as ended:
        return ended.exit_code
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        abandon()
        return UNREAD
    except OSError as error:
        abandon()
        tell(f"{error.filename or 'standard output'}: {error.strerror or error}; the output is not whole")
        return BAD_INPUT
    except _Wrong as error:
        said = StringIO()
        error.show(file=said)
        tell(said.getvalue().rstrip("\n"))
        return error.exit_code
    return 0


app = typer.Typer(cls=Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def sijoint() -> None:
    """Explainable rules for sacroiliac joint pain: supports a clinician, does not replace an examination."""


for _module in (assessing, reporting, explaining, catalogue, batch, tables, verifying):
    _module.register(app)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
