"""What a release has to pass beyond `make test`: random order, a busy machine, warnings as errors, hostile input.

In: how many attempts of hostile input. Out: exit status 1 at the first part that fails, named with the command that repeats it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ORDERS = (1, 2, 3)
BUSY = 2
SPIN = "while True: pass"


@contextmanager
def busy_machine() -> Iterator[None]:
    """Processes that keep the cores busy until the end of the block."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def passes(*arguments: str) -> bool:
    """Whether a module run with this Python ends well; says which did not."""
    command = [sys.executable, *arguments]
    print(f"$ {' '.join(command)}", flush=True)
    return subprocess.run(command).returncode == 0


def main(attempts: str) -> int:
    """Run every part; stop at the first that fails."""
    with busy_machine():
        for order in ORDERS:
            if not passes("-m", "pytest", "-n", "2", "-p", "randomly", f"--randomly-seed={order}"):
                return 1
    parts = (("-W", "error", "-m", "pytest", "-n", "2"), ("-m", "tests.fuzz", "--count", attempts))
    return 0 if all(passes(*part) for part in parts) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["100000"]))
