"""The program `sijoint`: the command line, which may be interrupted while it is still being imported.

In: arguments. Out: what a command prints, and its exit status.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        from .cli import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
