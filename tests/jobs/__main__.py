"""`python -m tests.jobs [NAME …]`: does the jobs and prints their table; exit code 1 if one fails.

`--markdown` prints the table of the README and does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence

from tests.jobs.job import Job, Outcome, do_somewhere
from tests.jobs.jobs import JOB_BY_NAME, JOBS
from tests.jobs.table import markdown_rows, terminal_rows


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.jobs",
        description="Do an operator's jobs with the real program and count the keys.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--markdown", action="store_true", help="print the README's table")
    given = parser.parse_args(words)
    unknown = [name for name in given.names if name not in JOB_BY_NAME]
    if unknown:
        parser.error(f"no job {unknown[0]!r}: choose from {', '.join(JOB_BY_NAME)}")
    return given


async def do_all(jobs: Sequence[Job]) -> list[Outcome]:
    """One after another, each on a colony of its own."""
    return [await do_somewhere(job) for job in jobs]


def main() -> int:
    given = options()
    jobs = [JOB_BY_NAME[name] for name in given.names] or list(JOBS)
    if given.markdown:
        sys.stdout.write("\n".join(markdown_rows(jobs)) + "\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="colonytop-jobs-") as home:
        os.environ["HOME"] = home  # nothing of the person's own is read or written
        for name in ("HIVE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            os.environ.pop(name, None)
        outcomes = asyncio.run(do_all(jobs))
    failed = sum(not outcome.is_good for outcome in outcomes)
    sys.stdout.write("\n".join(terminal_rows(outcomes)) + "\n")
    sys.stdout.write(f"{len(outcomes) - failed} of {len(outcomes)} jobs done\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
