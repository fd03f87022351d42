"""`python -m tests.benchmarks [NAME …]`: figures beside their aims."""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import gettempdir

from tests.benchmarks import claims, idle, keys, latency, operations, startup
from tests.benchmarks.figures import machine_line, write

BENCHMARKS = ("store", "claims", "latency", "startup", "keys", "idle")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure the store and the app, each beside a rival in the same run.",
    )
    parser.add_argument("which", nargs="*", metavar="|".join(BENCHMARKS), help="default: all")
    parser.add_argument("--quick", action="store_true", help="few runs, short lists: a look")
    parser.add_argument(
        "--tasks", type=int, action="append", metavar="N", help="length of list, repeatable"
    )
    parser.add_argument("--runs", type=int, metavar="N", help="runs of each measurement")
    given = parser.parse_args()
    unknown = [name for name in given.which if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    return given


def main() -> None:
    given = options()
    quick, sizes, runs = given.quick, given.tasks, given.runs
    wanted = given.which or BENCHMARKS
    write(machine_line(Path(gettempdir())))
    if "store" in wanted:
        usual = [100, 1_000] if quick else [100, 1_000, 10_000]
        operations.run(sizes or usual, runs or (20 if quick else 100))
    if "claims" in wanted:
        processes, seconds = ([1, 4], 0.2) if quick else ([1, 4, 16, 32], 1.5)
        claims.run(processes, seconds, runs or (1 if quick else 3))
    if "latency" in wanted:
        latency.run(sizes or ([10] if quick else [10, 10_000]), runs or (20 if quick else 200))
    if "startup" in wanted:
        usual = [1_000] if quick else [1_000, 10_000, 100_000]
        startup.run(sizes or usual, runs or (3 if quick else 9))
    if "keys" in wanted:
        keys.run(
            sizes or ([10_000] if quick else [10_000, 100_000]), runs or (20 if quick else 100)
        )
    if "idle" in wanted:
        idle.run(sizes or ([1_000] if quick else [1_000, 10_000, 100_000]), 10 if quick else 60)


if __name__ == "__main__":
    main()
