"""Write the report of every example case, and of a hostile one, to a folder."""

from __future__ import annotations

import sys
from pathlib import Path

import sijoint

HERE = Path(__file__).resolve().parent
EXAMPLES = sorted((HERE.parents[1] / "docs" / "examples").glob("*.yaml"))


def main(folder: Path) -> None:
    """One HTML file per case."""
    folder.mkdir(parents=True)
    for path in [*EXAMPLES, HERE / "hostile.yaml"]:
        text = sijoint.assess(path).to_html()
        (folder / f"{path.stem}.html").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
