"""Names of files that are on their way to another name."""

from __future__ import annotations

import os
import re


def temporary_name(name: str) -> str:
    """The dot and the suffix keep it out of the sight of every reader of these layouts."""
    return f".{name}.{os.getpid()}.{os.urandom(4).hex()}.ctmp"


def new_txid() -> str:
    """The id of a change, as names of temporaries carry it."""
    return os.urandom(8).hex()


def is_temporary(name: str) -> bool:
    """Whether a name was made here for a file on its way to another name."""
    return _TEMPORARY.fullmatch(name) is not None


_TEMPORARY = re.compile(r"\..+\.(?:[0-9]+\.[0-9a-f]{8}|[0-9a-f]{16}(?:\.gone)?)\.ctmp", re.ASCII)
