"""All jobs, in the order of the table."""

from __future__ import annotations

from tests.jobs.job import Job
from tests.jobs.looking import LOOKING
from tests.jobs.steering import STEERING

JOBS: tuple[Job, ...] = (*STEERING, *LOOKING)
JOB_BY_NAME = {job.name: job for job in JOBS}
