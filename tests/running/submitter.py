"""Who submits a plan and dies at a rename: `python -m tests.running.submitter PATH RENAMES`.

It ends with `DIED` there, as if killed: nothing of it is tidied up. Without so many renames it ends
as usual.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.running.workshop import Workshop

DIED = 77


def submit(path: Path, renames: int) -> None:
    rename, left = os.rename, renames

    def counted(*places: Any, **options: Any) -> None:
        nonlocal left
        if left == 0:
            os._exit(DIED)
        left -= 1
        rename(*places, **options)

    os.rename = os.replace = counted
    Workshop(path).submit()


if __name__ == "__main__":
    submit(Path(sys.argv[1]), int(sys.argv[2]))
