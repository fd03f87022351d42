"""`e`: the form of one task. Only the fields that were changed go into the edit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from textual.content import Content

from store.model.edits import KEEP, UpdateTask
from store.model.foresight import foresee
from store.model.listing import parse_ids
from store.model.task import TaskId, Verb
from tui.safe_text import block, one_line
from tui.screens import effect_text
from tui.screens.fields import SafeInput, SafeTextArea, StatusChoice
from tui.screens.form import Field, FieldErrors, Form
from tui.screens.steering_dialog import TaskDialog


class EditScreen(Form, TaskDialog):
    """Subject, description, active form, owner, status, blockers and metadata of one task."""

    VERB = Verb.EDIT
    NAME = "Edit"

    def fields(self) -> Iterable[Field]:
        task = self.target
        statuses = self.task_list.info.capabilities.statuses
        yield Field("subject", SafeInput(task.subject, id="subject"))
        yield Field("description", SafeTextArea(task.description, id="description"))
        yield Field("active form", SafeInput(task.active_form or "", id="active_form"))
        yield Field("owner", SafeInput(task.owner or "", id="owner", placeholder="nobody"))
        yield Field("status", StatusChoice(statuses, task.native_status, id="status"))
        ids = ", ".join(task.blocked_by)
        yield Field("blocked by", SafeInput(ids, id="blocked_by", placeholder="ids, as 7, 12"))
        yield Field("metadata", SafeTextArea(json_text(task.metadata), id="metadata"))

    def start(self) -> None:
        self._lock_refused_fields()
        super().start()

    def errors(self) -> FieldErrors:
        found = FieldErrors()
        if self.line("subject").result is not None and not self.line("subject").value.strip():
            found["subject"] = "cannot be blank"
        if (problem := self._blocker_problem()) is not None:
            found["blocked by"] = problem
        try:
            if nothing := [k for k in self._nulls() if k not in self.target.metadata]:
                found["metadata"] = f"{nothing[0]}: null deletes a key, and there is none so named"
        except ValueError as error:
            found["metadata"] = str(error)
        return found

    def draft(self) -> UpdateTask | None:
        """Only what differs, with the values that were shown for exactly those fields."""
        task = self.target
        texts: dict[str, Any] = {
            "subject": self.line("subject").result,
            "description": self.area("description").result,
            "active_form": self.line("active_form").result,
        }
        owner = self.line("owner").result
        status = self.query_one(StatusChoice).result
        patch = self._metadata_patch()
        expected: dict[str, Any] = {k: getattr(task, k) for k, v in texts.items() if v is not None}
        if owner is not None:
            expected["owner"] = task.owner
        if status is not None:
            expected["status"] = task.native_status
        # Key by key: an agent that writes its progress is no conflict with an edit of the rest.
        expected |= {f"metadata.{name}": task.metadata.get(name) for name in patch}
        wanted = self._blockers()
        edit = UpdateTask(
            self.key,
            **texts,
            owner=KEEP if owner is None else owner.strip() or None,
            status=status,
            add_blocked_by=tuple(i for i in wanted if i not in task.blocked_by),
            remove_blocked_by=tuple(i for i in task.blocked_by if i not in wanted),
            metadata_patch=patch,
            expected=expected,
        )
        return None if edit == UpdateTask(self.key) else edit

    def effect(self) -> list[Content]:
        lines = super().effect()
        edit = self.edit()
        if edit is None:
            return lines
        shifts = foresee(self.task_list, edit).shifts
        shown = [effect_text.shift_line(self.frame, shift) for shift in shifts]
        if deleted := self._nulls():
            text = f"null deletes the key: metadata {', '.join(deleted)}"
            shown.insert(0, Content.styled(one_line(text), "$warning"))
        return [*shown, *lines]

    def _own_id(self) -> TaskId:
        return self.key.id

    def _blockers(self) -> tuple[TaskId, ...]:
        """The ids in the field; those that were there keep their own spelling."""
        typed = self.line("blocked_by").result
        if typed is None:
            return self.target.blocked_by
        known = {str(one_line(i)): i for i in self.target.blocked_by}
        return tuple(known.get(i, i) for i in parse_ids(typed))

    def _blocker_problem(self) -> str | None:
        added = tuple(i for i in self._blockers() if i not in self.target.blocked_by)
        if not added:
            return None
        removed = tuple(i for i in self.target.blocked_by if i not in self._blockers())
        edit = UpdateTask(self.key, add_blocked_by=added, remove_blocked_by=removed)
        return effect_text.edge_problem(foresee(self.task_list, edit))

    def _metadata_patch(self) -> Mapping[str, Any]:
        """The keys that differ; None for those that were taken out.

        Raises:
            ValueError: the field holds no JSON object; the text says what is wrong.
        """
        text = self.area("metadata").result
        if text is None:
            return {}
        now, was = parse_object(text), self.target.metadata
        patch = {k: v for k, v in now.items() if k not in was or not _same(was[k], v)}
        return patch | {k: None for k in was if k not in now}

    def _nulls(self) -> list[str]:
        """Keys of the metadata that were set to null, which the edit takes for a deletion.

        Raises:
            ValueError: as `_metadata_patch`.
        """
        text = self.area("metadata").result
        typed = {} if text is None else parse_object(text)
        return [k for k, v in self._metadata_patch().items() if v is None and k in typed]

    def _lock_refused_fields(self) -> None:
        """Fields whose verb this list does not allow, or that cannot be shown as ids."""
        allowed = self.task_list.info.capabilities
        self.query_one(StatusChoice).disabled = allowed.refusal(Verb.STATUS) is not None
        self.line("owner").disabled |= allowed.refusal(Verb.ASSIGN) is not None
        edges = {allowed.refusal(Verb.BLOCK), allowed.refusal(Verb.UNBLOCK)} - {None}
        blockers = self.line("blocked_by")
        if edges or parse_ids(", ".join(self.target.blocked_by)) != self.target.blocked_by:
            blockers.disabled = True


def json_text(metadata: Mapping[str, Any]) -> str:
    """Metadata as JSON; characters that cannot be shown are escaped, so nothing is lost."""
    if not metadata:
        return "{}"
    plain = json.dumps(metadata, indent=2, ensure_ascii=False)
    if len(plain) < 20_000 and str(block(plain)) == plain:
        return plain
    return json.dumps(metadata, indent=2, ensure_ascii=True)


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: it is none; the text says where.
    """
    try:
        value = json.loads(text or "{}", parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"no JSON at {where}: {error.msg}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError('must be a JSON object, like {"cost": 1}')
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, 1 is not 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
