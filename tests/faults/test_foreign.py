"""Foreign interference in its fast form."""

from __future__ import annotations

import pytest

from tests.faults.figure import Effort
from tests.faults.foreign import run


@pytest.mark.processes
def test_foreign_fast_loses_no_foreign_edit() -> None:
    figure = run(Effort.FAST)
    assert figure.violations == []
    assert all(figure.detail[kind] > 100 for kind in ("repair", "sections", "calls"))
    assert figure.detail["killed repair"] > 100
    assert figure.detail["meeting our records"] > 10
