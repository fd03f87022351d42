"""A draft: edits that somebody collected, in order, with what they rest on, as a JSON document.

    {"colonytop_draft": 1, "label": "hand cy's tasks to bo", "edits": [EDIT, …]}

EDIT is described in `edit_record`. `root`, and `system` too, may be left out where the reader knows
the list by its id, or is told a root; `system` is then "hive". The edits of each list are made as
one batch, all or none, and each `expected` is checked under the list's lock: a draft that has grown
old says so instead of overwriting.
"""

from __future__ import annotations

import json

from store.model.edit_record import FindList, edit_record, read_edit
from store.model.edits import EditBatch
from store.model.strict import BadDocument, Fields, parse_document

VERSION = 1
MAX_EDITS = 20_000
MAX_CHARACTERS = 64 << 20


def format_draft(batch: EditBatch) -> str:
    """The document of a draft, in ASCII.

    Raises:
        BadDocument: a value that JSON cannot hold.
    """
    document = {
        "colonytop_draft": VERSION,
        "label": batch.label,
        "edits": [edit_record(edit) for edit in batch.edits],
    }
    try:
        return json.dumps(document, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise BadDocument("draft", "", f"cannot be written as JSON: {error}") from error


def read_draft(
    text: str,
    source: str = "draft",
    *,
    root: str | None = None,
    known: FindList | None = None,
) -> EditBatch:
    """The edits of a draft, all or none for each list.

    Args:
        text: the document.
        source: what an error calls it: its file's name.
        root: the root of edits that name none.
        known: finds the list of an edit that names no root, by its id or "SYSTEM/ID".

    Raises:
        BadDocument: naming the file, the field, and the way out.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadDocument(source, "", f"over {MAX_CHARACTERS >> 20} MB", "split the draft")
    document = Fields(parse_document(text, source), source)
    if "colonytop_draft" not in document:
        way_out = 'a draft starts with {"colonytop_draft": 1, …}'
        raise BadDocument(source, "colonytop_draft", "is missing", way_out)
    version = document.take("colonytop_draft", int)
    if version != VERSION:
        raise document.fail(
            "colonytop_draft", f"version {version} is not known", f"this program reads {VERSION}"
        )
    label = document.take("label", str, default="")
    found = document.take("edits", list)
    document.end()
    if len(found) > MAX_EDITS:
        raise document.fail("edits", f"{len(found):,} edits", f"split it: at most {MAX_EDITS:,}")
    edits = [
        read_edit(record, source, f"edits[{place}]", root=root, known=known)
        for place, record in enumerate(found)
    ]
    return EditBatch(tuple(edits), label, all_or_none=True)
