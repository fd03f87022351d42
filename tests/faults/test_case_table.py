"""Every case of the fault model stands in the table once, with a test that exists or a reason."""

from __future__ import annotations

from tests.faults.case_table import IDS, REASONS, TABLE, cases, functions


def test_table_has_each_of_the_108_cases_exactly_once() -> None:
    assert len(IDS) == 108
    assert tuple(case.id for case in cases()) == IDS


def test_table_names_only_tests_that_exist() -> None:
    missing = [
        f"{case.id}: {path}::{name}"
        for case in cases()
        for path, name in case.tests
        if name not in functions(path)
    ]
    assert missing == []


def test_table_gives_a_reason_for_every_case_without_a_test() -> None:
    silent = [case.id for case in cases() if not case.tests and not case.reason.startswith(REASONS)]
    assert silent == []
    assert sum(bool(case.tests) for case in cases()) > 80


def test_table_quotes_no_test_in_a_way_that_is_overlooked() -> None:
    named = sum(len(case.tests) for case in cases())
    assert TABLE.read_text(encoding="utf-8").count("::test_") == named
