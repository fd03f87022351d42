"""F1: what is known to be unsafe can't be installed with this, as far as bounds can tell.

Asking a database of advisories needs the network; that belongs to making a release.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
RUNTIME: list[str] = PROJECT["dependencies"]
ALL: list[str] = [*RUNTIME, *PROJECT["optional-dependencies"]["dev"]]
FIXED_IN = {"filelock": "3.20.3"}
"""The first release without the holes that are known: older ones follow or truncate links."""


def parsed(requirement: str) -> tuple[str, str | None, str | None]:
    """Name, least version, first version that is too new."""
    name = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert name is not None
    bounds = dict(re.findall(r"(>=|<)\s*([0-9.]+)", requirement))
    return name[0], bounds.get(">="), bounds.get("<")


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", text)[:3])


@pytest.mark.parametrize("requirement", ALL)
def test_dependency_has_a_least_version_and_the_installed_one_fits(requirement: str) -> None:
    name, least, too_new = parsed(requirement)
    assert least is not None
    installed = numbers(version(name))
    assert installed >= numbers(least)
    assert too_new is None or installed < numbers(too_new)


@pytest.mark.parametrize("requirement", ALL)
def test_dependency_with_a_known_hole_is_bounded_to_releases_without(requirement: str) -> None:
    name, least, _ = parsed(requirement)
    assert least is not None
    assert numbers(least) >= numbers(FIXED_IN.get(name, "0"))


def test_screen_library_is_bounded_above_as_its_sinks_are_tried_release_by_release() -> None:
    bounds = {name: too_new for name, _, too_new in map(parsed, RUNTIME)}
    assert bounds["textual"] is not None
    assert FIXED_IN.keys() <= {parsed(requirement)[0] for requirement in ALL}
