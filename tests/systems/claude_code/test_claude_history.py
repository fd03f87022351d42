"""What Claude Code deletes with a finished list stays in the journal, as it was last seen."""

from __future__ import annotations

from pathlib import Path

from store.model.history import Origin
from store.model.snapshot import diff
from store.operating import Operator
from store.roots import RootSpec
from store.workspace import Workspace
from tests.systems.claude_code.a_list import Scene, put


def operator_of(scene: Scene, state: Path) -> Operator:
    workspace = Workspace([RootSpec(scene.root, "test")])
    workspace.scan()
    return Operator(workspace, name="you", state=state)


def test_archived_task_is_written_down_whole_and_outlives_the_process(
    scene: Scene, tmp_path: Path
) -> None:
    put(scene.place, 1, status="completed", owner="ann", description="all of it")
    operator = operator_of(scene, tmp_path / "state")
    before = operator.workspace.snapshot
    operator.observe(before, ())
    (scene.place / ".highwatermark").write_text("1")
    (scene.place / "1.json").unlink()
    after = operator.workspace.scan()
    operator.observe(after, diff(before, after))
    operator.record()
    operator.close()
    again = operator_of(scene, tmp_path / "state")
    (entry,) = again.history(scene.of(1))
    again.close()
    assert entry.moves == (("status", "completed", "archived"),)
    assert entry.origin is Origin.DERIVED
    assert entry.last is not None
    assert (entry.last.subject, entry.last.description) == ("task 1", "all of it")
    assert (entry.last.owner, entry.last.native_status) == ("ann", "completed")
