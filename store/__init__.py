"""The locked task store. Headless: it knows of no terminal.

The names are loaded when they are first used, so that what needs only the model stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store.files.paths import task_list_path
    from store.files.transaction import Durability
    from store.model.errors import (
        ClaimRefused,
        ColonytopError,
        CommittedPending,
        CycleRefused,
        FieldConflict,
        InvalidField,
        InvalidListId,
        ListGone,
        ListNotFound,
        LockHolder,
        LockReentered,
        LockTimeout,
        SelfEdge,
        StaleEdit,
        StorageFailure,
        TaskNotFound,
        TransactionQuarantined,
        UnreadableTask,
    )
    from store.model.task import TaskStatus
    from store.model.ticking import ChecksOpen
    from store.running.compound import (
        CompoundRuns,
        get_task_progress,
        list_recent_tasks,
        submit_compound_task,
    )
    from store.systems.blackboard.blackboard import Blackboard
    from store.systems.clawteam.team_store import TeamStore
    from store.systems.clawteam.team_task import TeamStats, TeamTask
    from store.systems.hive.claims import (
        ClaimAlreadyCompleted,
        ClaimAlreadyOwned,
        ClaimBlocked,
        ClaimNotFound,
        ClaimOk,
        ClaimResult,
    )
    from store.systems.hive.list_ids import (
        colony_task_list_id,
        parse_task_list_id,
        resolve_task_list_id,
        session_task_list_id,
        unscoped_task_list_id,
    )
    from store.systems.hive.models import TaskListMeta
    from store.systems.hive.native import NativeStore
    from store.systems.hive.record import TaskListRole
    from store.systems.hive.store import TaskStore, get_task_store
    from store.systems.progress.provision import ensure_all_colony_dbs, ensure_progress_db
    from store.systems.progress.reclaiming import reclaim_stale
    from store.systems.progress.schema import SCHEMA_VERSION, SchemaTooNew
    from store.systems.progress.seeding import enqueue_task, seed_tasks
    from store.systems.progress.working import (
        ClaimedTask,
        ClaimLost,
        check_off,
        claim_next_task,
        fail_task,
        finish_task,
        release_task,
        renew_claim,
        start_task,
        update_step,
    )
    from store.systems.records.models import TaskRecord

__all__ = [
    "SCHEMA_VERSION",
    "Blackboard",
    "ChecksOpen",
    "ClaimAlreadyCompleted",
    "ClaimAlreadyOwned",
    "ClaimBlocked",
    "ClaimLost",
    "ClaimNotFound",
    "ClaimOk",
    "ClaimRefused",
    "ClaimResult",
    "ClaimedTask",
    "ColonytopError",
    "CommittedPending",
    "CompoundRuns",
    "CycleRefused",
    "Durability",
    "FieldConflict",
    "InvalidField",
    "InvalidListId",
    "ListGone",
    "ListNotFound",
    "LockHolder",
    "LockReentered",
    "LockTimeout",
    "NativeStore",
    "SchemaTooNew",
    "SelfEdge",
    "StaleEdit",
    "StorageFailure",
    "TaskListMeta",
    "TaskListRole",
    "TaskNotFound",
    "TaskRecord",
    "TaskStatus",
    "TaskStore",
    "TeamStats",
    "TeamStore",
    "TeamTask",
    "TransactionQuarantined",
    "UnreadableTask",
    "check_off",
    "claim_next_task",
    "colony_task_list_id",
    "enqueue_task",
    "ensure_all_colony_dbs",
    "ensure_progress_db",
    "fail_task",
    "finish_task",
    "get_task_progress",
    "get_task_store",
    "list_recent_tasks",
    "parse_task_list_id",
    "reclaim_stale",
    "release_task",
    "renew_claim",
    "resolve_task_list_id",
    "seed_tasks",
    "session_task_list_id",
    "start_task",
    "submit_compound_task",
    "task_list_path",
    "unscoped_task_list_id",
    "update_step",
]

_HOMES = {
    "store.files.paths": {"task_list_path"},
    "store.files.transaction": {"Durability"},
    "store.model.task": {"TaskStatus"},
    "store.model.ticking": {"ChecksOpen"},
    "store.running.compound": {
        "CompoundRuns",
        "get_task_progress",
        "list_recent_tasks",
        "submit_compound_task",
    },
    "store.systems.blackboard.blackboard": {"Blackboard"},
    "store.systems.clawteam.team_store": {"TeamStore"},
    "store.systems.clawteam.team_task": {"TeamStats", "TeamTask"},
    "store.systems.hive.claims": {
        "ClaimAlreadyCompleted",
        "ClaimAlreadyOwned",
        "ClaimBlocked",
        "ClaimNotFound",
        "ClaimOk",
        "ClaimResult",
    },
    "store.systems.hive.list_ids": {
        "colony_task_list_id",
        "parse_task_list_id",
        "resolve_task_list_id",
        "session_task_list_id",
        "unscoped_task_list_id",
    },
    "store.systems.hive.models": {"TaskListMeta"},
    "store.systems.hive.native": {"NativeStore"},
    "store.systems.hive.record": {"TaskListRole"},
    "store.systems.hive.store": {"TaskStore", "get_task_store"},
    "store.systems.records.models": {"TaskRecord"},
    "store.systems.progress.provision": {"ensure_all_colony_dbs", "ensure_progress_db"},
    "store.systems.progress.reclaiming": {"reclaim_stale"},
    "store.systems.progress.schema": {"SCHEMA_VERSION", "SchemaTooNew"},
    "store.systems.progress.seeding": {"enqueue_task", "seed_tasks"},
    "store.systems.progress.working": {
        "ClaimLost",
        "ClaimedTask",
        "check_off",
        "claim_next_task",
        "fail_task",
        "finish_task",
        "release_task",
        "renew_claim",
        "start_task",
        "update_step",
    },
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name, "store.model.errors")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
