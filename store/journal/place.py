"""Where the journal of a root is kept: in colonytop's own state directory, one directory each."""

from __future__ import annotations

import hashlib
import os

from store.files.places import resolved


def journal_parts(root: str) -> tuple[str, ...]:
    """Where a root's journal is below the state directory, under whatever name it was opened."""
    digest = hashlib.sha256(os.fsencode(resolved(root))).hexdigest()
    return "journal", digest[:32]
