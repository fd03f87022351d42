"""The kernel saw no change below the root that the port did not record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import port_traced
from tests.faults.figure import Effort
from tests.faults.strace_lines import Change, changes_of


@pytest.mark.processes
def test_port_traced_workload_changes_nothing_behind_the_ports_back() -> None:
    figure = port_traced.run(Effort.FAST)
    if figure.not_run:
        pytest.skip(figure.not_run)
    assert figure.violations == []
    assert figure.count > 100
    assert figure.detail["honest"] > 0


def test_port_traced_without_strace_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    figure = port_traced.run(Effort.FAST)
    assert figure.not_run == "there is no strace"
    assert figure.count == 0


def test_differences_name_what_only_one_side_saw() -> None:
    rename = Change("rename", "tasks/.tmp", "tasks/0001.json")
    lock = Change("open or create", ".lock")
    assert port_traced.differences([rename, lock], [rename], {".lock"}) == []
    assert port_traced.differences([lock], [Change("create", ".lock")], ()) == []
    (behind,) = port_traced.differences([rename, rename], [rename], ())
    assert behind.startswith("the port did not record")
    (made,) = port_traced.differences([lock], [], ())
    assert made.startswith("the port did not record")
    (invented,) = port_traced.differences([], [rename], ())
    assert invented.startswith("the kernel did not see")


def test_changes_of_lines_are_relative_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    tasks = f"{tmp_path}/tasks"
    lines = [
        f'7 openat(3<{tasks}>, ".x.ctmp", O_WRONLY|O_CREAT|O_EXCL, 0600) = 4<{tasks}/.x.ctmp>',
        f'7 openat(3<{tasks}>, ".", O_WRONLY|O_TMPFILE, 0600) = 5<{tasks}/#12>(deleted)',
        f'7 write(4<{tasks}/.x.ctmp>, "text"..., 40) = 40',
        f"7 fsync(4<{tasks}/.x.ctmp>) = 0",
        f'7 renameat(3<{tasks}>, ".x.ctmp", 3<{tasks}>, "0001.json") = 0',
        f"7 fsync(3<{tasks}>) = 0",
        f'7 unlinkat(3<{tasks}>, ".gone", 0) = -1 ENOENT (No such file or directory)',
        f'7 linkat(AT_FDCWD</>, "/proc/self/fd/5", 3<{tasks}>, "a", AT_SYMLINK_FOLLOW) = 0',
        f'7 mkdir("{tmp_path}/more", 0700) = 0',
        '7 mkdir("/elsewhere", 0700) = 0',
        '7 write(1</dev/null>, "\\n", 1) = 1',
        "7 +++ exited with 0 +++",
    ]
    assert changes_of(lines, tmp_path) == [
        Change("create", "tasks/.x.ctmp"),
        Change("nameless", "tasks"),
        Change("write"),
        Change("sync"),
        Change("rename", "tasks/.x.ctmp", "tasks/0001.json"),
        Change("syncdir", "tasks"),
        Change("link", target="tasks/a"),
        Change("mkdir", "more"),
    ]


def test_changes_of_a_line_that_makes_no_sense_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a line"):
        changes_of(["7 rename( <unfinished ...>"], tmp_path)
