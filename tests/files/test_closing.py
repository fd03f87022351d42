"""Files that were replaced are let go beside whoever replaced them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from store.files import closing
from store.files.descriptors import hold
from store.files.flags import HOLD
from store.files.fs import open_directory


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_settle_closes_all_that_was_let_go_before(tmp_path: Path) -> None:
    held = [os.open(tmp_path, HOLD) for _ in range(3 * closing.MOST_HELD)]
    for descriptor in held:
        closing.let_go(descriptor)
    closing.settle()
    assert not any(map(is_open, held))


def test_let_go_of_what_was_not_held_does_nothing(tmp_path: Path) -> None:
    with open_directory(tmp_path) as directory:
        missing = hold(directory.fileno(), "missing")
        assert missing is None
        closing.let_go(missing)
    closing.settle()


def test_hold_keeps_a_removed_file_until_it_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    with open_directory(tmp_path) as directory:
        held = hold(directory.fileno(), "a")
        assert held is not None
        assert directory.unlink("a")
        assert os.fstat(held).st_size == len(b"content")
        closing.let_go(held)
    closing.settle()
    assert not is_open(held)


def test_hold_of_what_is_not_there_or_leads_elsewhere_holds_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    with open_directory(tmp_path) as directory:
        assert hold(directory.fileno(), "missing") is None
        held = hold(directory.fileno(), "link")
    if held is not None:  # the link itself
        assert os.fstat(held).st_ino == (tmp_path / "link").lstat().st_ino
    closing.let_go(held)
    closing.settle()


def test_let_go_closes_at_once_where_no_thread_is_to_be_had(tmp_path: Path) -> None:
    held = os.open(tmp_path, HOLD)
    with (
        mock.patch.object(closing, "_closer", closing._Closer()),
        mock.patch.object(closing, "start_new_thread", side_effect=RuntimeError("no thread")),
    ):
        closing.let_go(held)
        assert not is_open(held)
        closing.settle()


def test_forked_child_closes_what_its_parent_still_held(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from store.files import closing\n"
        "from store.files.flags import HOLD\n"
        "closing._closer._is_begun = True  # as if its thread had not come to it yet\n"
        "held = os.open(sys.argv[1], HOLD)\n"
        "closing.let_go(held)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        os.fstat(held)\n"
        "    except OSError:\n"
        "        closing.let_go(os.open(sys.argv[1], HOLD))\n"
        "        closing.settle()\n"
        "        os._exit(0)\n"
        "    os._exit(1)\n"
        "_, status = os.waitpid(child, 0)\n"
        "os.fstat(held)\n"
        "sys.exit(os.waitstatus_to_exitcode(status))\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
