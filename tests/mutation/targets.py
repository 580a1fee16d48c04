"""Which tests are to notice a fault in which module; the quickest first."""

from __future__ import annotations

PLANTED = "tests/test_planted.py"
PROVE = ("tests/test_frozen.py", PLANTED, "tests/test_prove.py")
COLUMNS = ("tests/test_columns.py", "tests/test_bitplane.py")

TARGETS: dict[str, tuple[str, ...]] = {
    "knowledge/screens.py": ("tests/test_screens.py", "tests/test_evaluators.py"),
    "engine/case.py": (f"{PLANTED}::test_each_moment_holds_what_was_given_and_not_taken_back", "tests/test_case.py"),
    "engine/case_reader.py": ("tests/test_case.py",),
    "engine/case_reading.py": ("tests/test_case.py",),
    "explain/arguments.py": ("tests/test_frozen.py", "tests/test_arguments.py", f"{PLANTED}::test_a_ledger_leaves_no_answer_out"),
    "engine/columns.py": COLUMNS,
    "engine/column_planes.py": COLUMNS,
    "engine/column_output.py": COLUMNS,
    "sijoint/verify/prove.py": PROVE,
    "sijoint/verify/formula.py": PROVE,
    "sijoint/verify/circuit.py": PROVE,
    "sijoint/verify/patient.py": PROVE,
    "sijoint/verify/changes.py": PROVE,
    "sijoint/verify/examples.py": (*PROVE, "tests/test_mcdc.py"),
    "sijoint/verify/watch.py": PROVE,
    "sijoint/verify/second.py": PROVE,
    "sijoint/verify/compare.py": ("tests/test_diff.py", f"{PLANTED}::test_a_comparison_lists_exactly_what_changes_and_how"),
    "sijoint/verify/report.py": ("tests/test_prove.py", "tests/test_diff.py", "tests/test_mutate.py"),
    "sijoint/verify/mutants.py": ("tests/test_mutate.py",),
    "sijoint/verify/mutate.py": ("tests/test_mutate.py",),
    "sijoint/verify/schemata.py": ("tests/test_mutate.py",),
    "sijoint/verify/lanes.py": ("tests/test_mutate.py",),
    "sijoint/verify/evaluate.py": ("tests/test_mcdc.py", "tests/test_mutate.py"),
    "sijoint/verify/decisive.py": ("tests/test_mcdc.py",),
    "sijoint/verify/mcdc.py": ("tests/test_mcdc.py",),
    "sijoint/verify/case_files.py": ("tests/test_mcdc.py", "tests/test_prove.py"),
    "sijoint/verify/certificate.py": ("tests/test_certify.py",),
    "sijoint/verify/certify.py": ("tests/test_certify.py",),
}
"""By module, relative to the root."""
