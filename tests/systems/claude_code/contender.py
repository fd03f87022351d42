"""What `node/contender.js` does, through our lock. Run as a process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from store.files.directory_lock import LockLost, directory_lock
from store.files.fs import open_directory
from store.files.waiting import Patience
from store.model.errors import LockTimeout

_PATIENCE_S = 2.655  # what the tool that owns these lists waits


def _turn(target: Path, patience_s: float, pause_s: float) -> str:
    try:
        with (
            open_directory(target.parent) as directory,
            directory_lock(directory, target.name, "the list", Patience(patience_s)) as held,
        ):
            return _increment(target, pause_s, held.verify)
    except LockTimeout:
        return "busy"
    except LockLost:
        return "lost"


def _increment(target: Path, pause_s: float, verify: Callable[[], None]) -> str:
    counter, witness = Path(f"{target}.count"), Path(f"{target}.inside")
    said = "wrote"
    try:
        os.close(os.open(witness, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        said = "wrote beside another"
    before = int(counter.read_text())
    time.sleep(pause_s)
    new = Path(f"{counter}.{os.getpid()}")
    new.write_text(str(before + 1))
    verify()
    new.rename(counter)
    witness.unlink(missing_ok=True)
    return said


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(target: Path) -> None:
    _say("ready")
    for line in sys.stdin:
        times, retries, pause_ms = (int(word) for word in line.split()[1:])
        left = times
        while left:
            said = _turn(target, _PATIENCE_S if retries else 0.0, pause_ms / 1000)
            if said == "busy" and retries:
                continue
            _say(said)
            left -= 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
