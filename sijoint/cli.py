"""The command line: results on stdout, messages on stderr; exit status 0 done, 1 a check failed, 2 bad input.

In: arguments. Out: text or JSON. It holds no logic of its own.
"""

from __future__ import annotations

import typer

from .commands import assessing, batch, catalogue, explaining, reporting, tables, verifying

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


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
