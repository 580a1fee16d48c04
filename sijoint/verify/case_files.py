"""Cases that a solver made -> YAML: the published shape `sijoint.case/1`, ready to be run.

In: `Case`. Out: text; what no case can say, that an earlier moment came to something, stands in a comment on top.
"""

from __future__ import annotations

from typing import Any

from ..engine.case import Case
from ..engine.case_writer import as_it_stands, findings_as_given, to_yaml


def case_file(case: Case) -> str:
    """A case as a file."""
    past = "".join(f"# at an earlier moment: {name} {grade}\n" for name, grade in case.earlier_grades.items())
    past += "".join(f"# answered at an earlier moment: {name}\n" for name in case.earlier_answers)
    return past + to_yaml(as_it_stands(case))


def as_pack_case(name: str, case: Case) -> dict[str, Any]:
    """A case in the form of those beside the rules: its name, its day where answers are dated, its findings."""
    dated = {"as_of": case.as_of} if case.as_of else {}
    return {"case": name, **dated, "findings": findings_as_given(case.findings)}
