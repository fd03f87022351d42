"""A worker that uses the library: claims tasks until there are none, and says which it got."""

from __future__ import annotations

import json
import sys

from store import claim_next_task


def tell(text: str) -> None:
    """Say one line to whoever started this process."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    database, name = sys.argv[1:]
    tell("ready")
    sys.stdin.readline()
    claimed = []
    while (task := claim_next_task(database, name)) is not None:
        claimed.append([task.id, task.claim_token])
    tell(json.dumps(claimed))


if __name__ == "__main__":
    main()
