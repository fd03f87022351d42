"""Where the journal of a root is kept: in colonytop's own state directory, one directory each."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from store.files.places import absolute, resolved


def state_directory() -> Path:
    """Where colonytop keeps what it writes down: `$XDG_STATE_HOME/colonytop` or its like.

    A relative setting is ignored: it would lead into whatever directory one happens to be in.
    """
    from platformdirs import user_state_path

    found = user_state_path("colonytop")
    return found if found.is_absolute() else absolute(Path("~/.local/state/colonytop"))


def journal_parts(root: str) -> tuple[str, ...]:
    """Where a root's journal is below the state directory, under whatever name it was opened."""
    digest = hashlib.sha256(os.fsencode(resolved(root))).hexdigest()
    return "journal", digest[:32]
