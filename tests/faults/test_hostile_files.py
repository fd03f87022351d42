"""Harness 6 in its fast form, and what its own parts must be able to see."""

from __future__ import annotations

from pathlib import Path

from store.systems.hive.adapter import HiveSystem
from tests.contract import native
from tests.faults import hostile_files
from tests.faults.corpus import corpus
from tests.faults.figure import Effort
from tests.faults.json_grammar import Grammar


def test_hostile_files_before_every_reader_violate_nothing() -> None:
    figure = hostile_files.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 700


def test_watch_of_the_store_sees_a_read_outside_and_a_file_made(tmp_path: Path) -> None:
    native.write_list(tmp_path / "root", "colony:forge", native.record(1))
    watched = hostile_files.Watched(tmp_path / "elsewhere")
    with hostile_files.seen_by_the_store(watched):
        system = HiveSystem()
        (key,) = system.discover(tmp_path / "root")
        system.load(key)
    assert any(place.endswith("0001.json") for place in watched.outside)


def test_corpus_has_every_case_of_files_and_contents_that_lies_in_a_list() -> None:
    cases = {hostile.case for hostile in corpus()}
    assert cases >= {"B1", "B2", "B5", "B6", "B7", "B8", "B10", "B11", "B12", "B13"}
    assert cases >= {f"C{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13)}


def test_grammar_of_the_same_seed_grows_the_same_texts() -> None:
    assert list(Grammar(3).texts(50)) == list(Grammar(3).texts(50))
    assert list(Grammar(3).texts(50)) != list(Grammar(4).texts(50))
