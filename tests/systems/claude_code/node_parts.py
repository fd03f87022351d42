"""The Node neighbours of the tests: where Node is, and the real lock library beside it.

The library is installed from the registry that npm is set up for into a cache of the person who
runs the tests, at the versions and checksums of `node/package-lock.json`; never into this
repository. `python -m tests.systems.claude_code.node_parts` does it beforehand.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs
import pytest

NODE = Path(__file__).parent / "node"

_LONGEST_S = 120
# As they were before a test has a home of its own: npm is set up there.
_ENVIRONMENT = dict(os.environ)
_CACHE = platformdirs.user_cache_path("colonytop-tests")


class Missing(Exception):
    """Node, npm or the library is not to be had here; the text says which and why."""


@cache
def _modules() -> Path | Missing:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return Missing("needs node and npm, which are not installed here")
    wanted = (NODE / "package-lock.json").read_bytes()
    place = _CACHE / f"node-{hashlib.sha256(wanted).hexdigest()[:16]}"
    if (place / "node_modules").is_dir():
        return place / "node_modules"
    try:
        _CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as name:
            _install(npm, Path(name))
            with suppress(OSError):  # another process may have been quicker
                Path(name, "whole").rename(place)
            if not (place / "node_modules").is_dir():
                raise Missing("the library was not there after it was installed")
    except OSError as error:
        return Missing(f"the cache of Node modules cannot be made: {error}")
    except (subprocess.SubprocessError, Missing) as error:
        return Missing(f"npm could not install proper-lockfile: {error}")
    return place / "node_modules"


def _install(npm: str, place: Path) -> None:
    whole = place / "whole"
    whole.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE / name, whole / name)
    quick = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"]
    command = [npm, "ci", "--ignore-scripts", *quick]
    done = subprocess.run(
        command,
        cwd=whole,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=False,
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "npm error" in line.lower()]
        raise Missing((said or ["it ended with an error"])[0])


def node_modules() -> Path:
    """The directory of the installed library.

    Raises:
        Missing: it cannot be had on this machine.
    """
    found = _modules()
    if isinstance(found, Missing):
        raise found
    return found


def need_node() -> None:
    """Skip the test, with the reason, where there is no Node or no library for it."""
    try:
        node_modules()
    except Missing as error:
        pytest.skip(str(error))


def start_node(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of the scripts in `node/`, with the library at hand and both streams open."""
    return subprocess.Popen(
        ["node", str(NODE / script), *arguments],
        env={**os.environ, "NODE_PATH": str(node_modules())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    print(node_modules())  # noqa: T201
