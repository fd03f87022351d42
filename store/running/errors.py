"""What a compound run refuses."""

from __future__ import annotations

from store.model.errors import ColonytopError


class InvalidPlan(ColonytopError, ValueError):
    """The text is no plan that could be carried out; nothing was made."""

    kind = "invalid_plan"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class PlannerFailed(ColonytopError):
    """The command that was to make the plan did not; nothing was made."""

    kind = "planner_failed"


class RunNotFound(ColonytopError, LookupError):
    """There is no record of such a run."""

    kind = "run_not_found"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"no run {run_id!r} is on record")
        self.run_id = run_id


class RunBusy(ColonytopError):
    """Another process carries the run out at this moment."""

    kind = "run_busy"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"the run {run_id} is being carried out by another process")
        self.run_id = run_id
