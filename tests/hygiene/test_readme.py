"""The README says of the systems what they say of themselves."""

from __future__ import annotations

from pathlib import Path

from tests.hygiene.systems_table import rows

README = Path(__file__).parents[2] / "README.md"


def test_readme_has_the_table_of_systems() -> None:
    table = "\n".join(rows())
    assert f"\n{table}\n" in README.read_text(encoding="utf-8"), (
        f"`python -m tests.hygiene.systems_table` prints what should stand there:\n{table}"
    )
