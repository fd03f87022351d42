"""What a blackboard refuses, as errors that name the row."""

from __future__ import annotations

from typing import Any

from store.model.errors import ColonytopError


class RowNotFound(ColonytopError, LookupError):
    """The blackboard has no such run, workstream or brief, so nothing was written."""

    kind = "row_not_found"

    def __init__(self, kind_of_row: str, row_id: str) -> None:
        super().__init__(f"no {kind_of_row} {row_id!r} on the blackboard; nothing was written")
        self.row_kind = kind_of_row
        self.row_id = row_id

    def details(self) -> dict[str, Any]:
        return {"row": self.row_kind, "id": self.row_id}


class RowConflict(ColonytopError, ValueError):
    """The id is taken by a row with other content; that row stands as it was."""

    kind = "row_conflict"

    def __init__(self, kind_of_row: str, row_id: str, columns: tuple[str, ...]) -> None:
        differing = ", ".join(columns)
        super().__init__(
            f"there is a {kind_of_row} {row_id!r} with another {differing}; nothing was written"
        )
        self.row_kind = kind_of_row
        self.row_id = row_id
        self.columns = columns

    def details(self) -> dict[str, Any]:
        return {"row": self.row_kind, "id": self.row_id, "columns": list(self.columns)}


class NoBlackboard(ColonytopError, ValueError):
    """The database that is there is no blackboard, or was made by a newer version."""

    kind = "no_blackboard"
