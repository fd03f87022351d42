"""A command that acts as if a model carried a subtask out: reads the task, takes its time, answers.

`python -m tui.demo.systems.simulated SPEED RUNNER ROOT` prints what Claude Code would, and ends at
once when the process RUNNER or the directory ROOT is gone.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

from tui.demo.systems.plots import FLAKY

_MIN_S, _MAX_S = 6.0, 16.0
_LOOK_S = 0.1
_RATES = {"1": 0.000001, "2": 0.000004, "3": 0.00002}  # dollars a token


def main() -> int:
    speed, runner, root = float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    prompt = sys.stdin.read()
    attempt = os.environ.get("COLONYTOP_ATTEMPT", "1")
    chance = random.Random(f"{prompt}/{attempt}")
    if not _pause(chance.uniform(_MIN_S, _MAX_S) / speed, runner, root):
        return 1
    if FLAKY in prompt and attempt == "1":
        sys.stderr.write("the package mirror did not answer within 30 s\n")
        return 1
    tokens = chance.randrange(4_000, 40_000)
    rate = _RATES.get(os.environ.get("COLONYTOP_TIER", ""), _RATES["2"])
    answer = {
        "type": "result",
        "is_error": False,
        "result": f"Done: {prompt.partition(chr(10))[0]}",
        "total_cost_usd": round(tokens * rate, 4),
        "usage": {"input_tokens": tokens, "output_tokens": tokens // 6},
    }
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _pause(seconds: float, runner: int, root: Path) -> bool:
    """Wait; False: nobody waits for the answer any more."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not (_is_there(runner) and root.is_dir()):
            return False
        time.sleep(min(left, _LOOK_S))
    return True


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


if __name__ == "__main__":
    sys.exit(main())
