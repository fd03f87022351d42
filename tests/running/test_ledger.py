"""The ledger: nothing that was entered is lost, and totals are sums."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from store.model.errors import ColonytopError, InvalidField
from store.running.ledger import GROUPS, SpendLedger, Total
from tests.patience import PATIENCE_S

PROCESSES, LINES = 6, 40


def entry(number: int = 0, **fields: object) -> dict[str, object]:
    return {
        "timestamp": f"2026-05-0{number % 3 + 1}T10:00:00.000000+00:00",
        "model": ("haiku", "opus")[number % 2],
        "success": number % 4 != 0,
        "cost_usd": 0.25,
        "is_estimated": number % 2 == 0,
        "input_tokens": 10,
        "output_tokens": 5,
        "compound_task_id": "r",
        "list": "session:compound:r",
        "execution": f"e{number}",
        **fields,
    }


def test_totals_are_the_sums_of_the_lines_by_each_group(tmp_path: Path) -> None:
    ledger = SpendLedger(tmp_path)
    for number in range(12):
        ledger.append(entry(number))
    for by in GROUPS:
        totals = ledger.totals(by)
        assert sum(one.executions for one in totals.groups.values()) == 12
        assert totals.total.usd == pytest.approx(3.0)
        assert totals.total.estimated_usd == pytest.approx(1.5)
        assert (totals.total.succeeded, totals.total.input_tokens) == (9, 120)
    assert list(ledger.totals("day").groups) == ["2026-05-01", "2026-05-02", "2026-05-03"]
    with pytest.raises(InvalidField, match="model, day, list"):
        ledger.totals("owner")


def test_total_of_a_run_is_the_sum_of_its_own_lines(tmp_path: Path) -> None:
    ledger = SpendLedger(tmp_path)
    for number in range(6):
        ledger.append(entry(number, compound_task_id=("r", "r2", "q")[number % 3], list="r"))
    total = ledger.total_of("r")
    assert total.executions == 2
    assert total.usd == pytest.approx(0.5)
    assert ledger.total_of("nobody's") == Total()


def test_ledger_that_is_not_there_is_empty(tmp_path: Path) -> None:
    ledger = SpendLedger(tmp_path / "nowhere")
    assert ledger.totals("model").total.executions == 0
    assert ledger.total_of("r") == Total()
    assert not ledger.has("e")
    assert list(tmp_path.iterdir()) == []


def test_line_that_a_crash_cut_off_is_told_and_loses_only_itself(tmp_path: Path) -> None:
    ledger = SpendLedger(tmp_path)
    ledger.append(entry(1))
    (path,) = (tmp_path / "compound").glob("ledger-*.jsonl")
    with path.open("a") as file:
        file.write('{"timestamp": "2026')
    ledger.append(entry(2))
    totals = ledger.totals("model")
    assert (totals.total.executions, totals.unreadable) == (2, 1)
    assert ledger.has("e2")


@pytest.mark.parametrize("figure", ["NaN", "1e400", "-Infinity", "9" * 400])
def test_line_with_a_figure_without_end_is_told_and_spoils_no_total(
    tmp_path: Path, figure: str
) -> None:
    ledger = SpendLedger(tmp_path)
    ledger.append(entry())
    (written,) = (tmp_path / "compound").glob("ledger-*.jsonl")
    with written.open("a") as file:
        file.write(f'{{"model": "opus", "cost_usd": {figure}}}\n')
    totals = ledger.totals("model")
    assert (totals.total.executions, totals.unreadable) == (1, 1)


def test_lines_of_the_older_kind_count_as_estimates(tmp_path: Path) -> None:
    ledger = SpendLedger(tmp_path)
    ledger.append({"timestamp": "2026-05-01", "model": "m", "success": True,
                   "estimated_cost_usd": 0.04, "compound_task_id": "s"})  # fmt: skip
    ledger.append({"timestamp": "2026-05-01", "model": "m", "success": False, "error": "x"})
    total = ledger.totals("model").total
    assert (total.executions, total.succeeded, total.usd, total.estimated_usd) == (2, 1, 0.04, 0.04)


def test_ledger_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "compound").write_text("in the way")
    with pytest.raises(ColonytopError):
        SpendLedger(tmp_path).append(entry())


WRITER = """
import sys
from pathlib import Path
from store.running.ledger import SpendLedger
from tests.running.test_ledger import LINES, entry
ledger = SpendLedger(Path(sys.argv[1]))
for number in range(LINES):
    ledger.append(entry(number, execution=f"{sys.argv[2]}-{number}"))
"""


@pytest.mark.processes
def test_processes_that_write_at_once_lose_no_line(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number)])
        for number in range(PROCESSES)
    ]
    assert [writer.wait(PATIENCE_S) for writer in writers] == [0] * PROCESSES
    lines = list(SpendLedger(tmp_path).lines())
    assert None not in lines
    assert len({line["execution"] for line in lines if line}) == PROCESSES * LINES
