"""The native layout as another tool writes it: nothing here imports the store.

Only for list ids made of letters, digits, `.`, `-` and `_`, whose directory the layout fixes.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S

RECORD_FIELDS = (
    "id",
    "subject",
    "description",
    "active_form",
    "owner",
    "status",
    "blocks",
    "blocked_by",
    "metadata",
    "created_at",
    "updated_at",
)
META_FIELDS = (
    "task_list_id",
    "role",
    "creator_agent_id",
    "created_at",
    "last_seen_session_ids",
    "schema_version",
)


def list_directory(root: Path, list_id: str) -> Path:
    """The directory that holds `meta.json`, `.lock`, `.highwatermark` and `tasks/`."""
    kind, _, rest = list_id.partition(":")
    if kind == "colony":
        return root / "colonies" / rest / "tasks"
    if kind == "session":
        agent, _, session = rest.partition(":")
        return root / "agents" / agent / "sessions" / session / "tasks"
    if kind == "unscoped":
        return root / "unscoped" / rest / "tasks"
    return root / "_misc" / list_id


def record_path(root: Path, list_id: str, number: int) -> Path:
    return list_directory(root, list_id) / "tasks" / f"{number:04d}.json"


def record(number: int, subject: str = "Write the report", **fields: Any) -> dict[str, Any]:
    """A whole record with the layout's defaults, in the layout's field order."""
    now = time.time()
    whole: dict[str, Any] = {
        "id": number,
        "subject": subject,
        "description": "",
        "active_form": None,
        "owner": None,
        "status": "pending",
        "blocks": [],
        "blocked_by": [],
        "metadata": {},
        "created_at": now,
        "updated_at": now,
    }
    return whole | fields


def read_record(root: Path, list_id: str, number: int) -> dict[str, Any]:
    loaded = json.loads(record_path(root, list_id, number).read_bytes())
    assert isinstance(loaded, dict)
    return loaded


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file as the layout's other writers do: temp beside it, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(f"{path.name}.tmp")
    with temp.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temp.replace(path)


def write_record(root: Path, list_id: str, whole: dict[str, Any]) -> Path:
    """Write one record and keep the mark at or above its id. Call it under the list's lock."""
    path = record_path(root, list_id, whole["id"])
    write_bytes(path, json.dumps(whole, indent=2, ensure_ascii=False).encode())
    mark = list_directory(root, list_id) / ".highwatermark"
    known = int(mark.read_text()) if mark.exists() else 0
    if whole["id"] > known:
        write_bytes(mark, str(whole["id"]).encode())
    return path


def write_list(root: Path, list_id: str, *records: dict[str, Any]) -> None:
    for whole in records:
        write_record(root, list_id, whole)


@contextmanager
def locked(root: Path, list_id: str) -> Iterator[None]:
    """Hold the list's lock from this process, as another tool would."""
    directory = list_directory(root, list_id)
    directory.mkdir(parents=True, exist_ok=True)
    fd = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def somebody_waits(lock: Path) -> bool:
    """Whether the kernel lists somebody who waits for this lock file."""
    inode = f":{lock.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and inode in line for line in lines)


def tree(root: Path) -> dict[str, tuple[int, int, int, int]]:
    """Every path under a root with its kind, inode, size and time: equal means untouched."""
    found: dict[str, tuple[int, int, int, int]] = {}
    for path in [root, *sorted(root.rglob("*"))]:
        if path.exists() or path.is_symlink():
            seen = path.lstat()
            found[str(path)] = (seen.st_mode, seen.st_ino, seen.st_size, seen.st_mtime_ns)
    return found


def contents(root: Path) -> dict[Path, bytes]:
    """Every plain file under a root with its bytes, but for lock files."""
    paths = sorted(root.rglob("*"))
    return {p: p.read_bytes() for p in paths if p.is_file() and p.name != ".lock"}


_HOLDERS = {
    "flock": """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(fd, fcntl.LOCK_EX)
""",
    "filelock": """
import sys
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
""",
}


@contextmanager
def held_elsewhere(root: Path, list_id: str, how: str = "flock") -> Iterator[subprocess.Popen[str]]:
    """Another process holds the list's lock until the block ends (or its stdin closes)."""
    directory = list_directory(root, list_id)
    directory.mkdir(parents=True, exist_ok=True)
    script = _HOLDERS[how] + "print('held', flush=True)\nsys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(directory / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            if holder.stdin is not None and not holder.stdin.closed:
                holder.stdin.close()
            holder.wait(PATIENCE_S)
