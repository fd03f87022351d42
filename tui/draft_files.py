"""Drafts in files that the operator names: private, put in place whole, read strictly.

These wait for a disk, so the screens call them from a thread.
"""

from __future__ import annotations

from pathlib import Path

from store.files.fs import open_directory
from store.model.draft import MAX_CHARACTERS, format_draft, read_draft
from store.model.edit_record import FindList
from store.model.edits import EditBatch
from store.model.strict import BadDocument


def save_draft(path: Path, batch: EditBatch, *, may_replace: bool = False) -> None:
    """Write a draft; nobody ever finds half of it.

    Raises:
        FileExistsError: there is a file already, and it may not be replaced.
        OSError: the directory is not there or cannot be written to.
        BadDocument: the draft holds what JSON cannot.
    """
    content = format_draft(batch).encode("ascii")
    with open_directory(path.parent) as directory:
        if may_replace:
            directory.replace(path.name, content)
        else:
            directory.create(path.name, content)
        directory.sync()


def load_draft(path: Path, *, root: str | None, known: FindList | None = None) -> EditBatch:
    """Read a draft.

    Args:
        path: its file.
        root: the root of edits that name none.
        known: finds the list of an edit that names no root.

    Raises:
        OSError: there is no such file.
        UnreadableFile: no plain file, too large, or not allowed.
        BadDocument: it holds no draft, or one that cannot be used.
        AmbiguousList: an edit names no root, and several lists fit.
    """
    with open_directory(path.parent) as directory:
        content = directory.read_bytes(path.name, MAX_CHARACTERS)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadDocument(path.name, "", f"not UTF-8: {error.reason}") from error
    return read_draft(text, path.name, root=root, known=known)
