"""One person or program at work on a workspace: the door through which all edits go."""

from __future__ import annotations

from store.model.edits import Edit, EditResult
from store.workspace import Workspace


class Operator:
    """Makes edits in a workspace under a name. Thread-safe; lists are edited side by side."""

    def __init__(self, workspace: Workspace, *, name: str = "you") -> None:
        self.workspace = workspace
        self.name = name

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit; see `Workspace.apply` for what it raises."""
        return self.workspace.apply(edit)
