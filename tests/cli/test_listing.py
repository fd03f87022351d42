"""`ls`: filters, orders, and every list at once."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Colony, record


@pytest.fixture
def both(alpha: Colony) -> Colony:
    """The list alpha, and beta with one task that is older than all of them."""
    alpha.write("colony:beta", record(1, "Wait", owner="cy", updated_at=1_700_000_000.0))
    return alpha


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("owner:- is:open", [2, 3, 4]),
        ("status:completed | meta.cost>=0.5", [1, 5]),
        ("-targets is:blocked", [3, 4]),
        ("is:root", [2]),
        ("is:critical", [2, 3, 4]),
        ("holds>=2", [2]),
        ("wave:2", [3]),
        ("changed<5m list:al*", [1, 2, 3, 4, 5]),
        ("age>5m", []),
    ],
)
def test_ls_filter_is_the_query_of_the_search_line(
    alpha: Colony, query: str, ids: list[int]
) -> None:
    tasks = alpha.call("ls", "alpha", "--filter", query, "--json").json["tasks"]
    assert [task["id"] for task in tasks] == ids


def test_ls_filter_that_is_wrong_is_told_with_its_place(alpha: Colony) -> None:
    answer = alpha.call("ls", "alpha", "--filter", "targets wave:soon")
    assert answer.code == 2
    assert "--filter" in answer.err
    assert "wave takes a number, as in wave>=2; at character 14: soon" in answer.err
    as_json = alpha.call("ls", "alpha", "--filter", "targets wave:soon", "--json").json
    assert as_json["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--sort", "id"), [1, 2, 3, 4, 5]),
        (("--sort", "id", "--reverse", "--limit", "2"), [5, 4]),
        (("--sort", "holds"), [2, 3, 1, 4, 5]),
        (("--sort", "wave"), [2, 5, 3, 4, 1]),
        (("--sort", "owner"), [1, 5, 2, 3, 4]),
        (("--sort", "subject"), [1, 2, 3, 5, 4]),
    ],
)
def test_ls_sorts_as_the_table_does(
    alpha: Colony, options: tuple[str, ...], ids: list[int]
) -> None:
    tasks = alpha.call("ls", "alpha", *options, "--json").json["tasks"]
    assert [task["id"] for task in tasks] == ids


def test_ls_without_a_list_merges_all_and_names_each(both: Colony) -> None:
    answer = both.call("ls", "--filter", "owner:cy | owner:bo", "--sort", "list", "--json").json
    assert answer["lists"] == ["colony:alpha", "colony:beta"]
    found = [(task["list"], task["id"]) for task in answer["tasks"]]
    assert found == [("colony:alpha", 5), ("colony:beta", 1)]
    lines = both.call("ls", "--filter", "list:beta").out.splitlines()
    assert lines[0].split()[:3] == ["LIST", "ID", "STATE"]
    assert lines[1].split()[:3] == ["beta", "#1", "ready"]
    assert both.call("ls", "--filter", "nowhere").out == "no such tasks in any list\n"


@pytest.mark.parametrize("named", [(), ("session:q:torn",)])
def test_ls_of_a_list_that_cannot_be_read_says_so(alpha: Colony, named: tuple[str, ...]) -> None:
    document = alpha.root / "queens" / "q" / "sessions" / "torn" / "tasks.json"
    document.parent.mkdir(parents=True)
    document.write_text('{"meta": {')
    answer = alpha.call("ls", *named)
    assert answer.code == 0
    (line,) = answer.err.splitlines()
    assert line.startswith("colonytop: session:q:torn: the document cannot be understood: not JSON")
