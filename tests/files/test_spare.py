"""The room that is kept free under a root."""

from __future__ import annotations

from pathlib import Path

from store.files.spare import SPARE_BYTES, SPARE_NAME, give_spare, keep_spare
from store.systems.hive.native import NativeStore


def test_spare_is_kept_once_and_given_once(tmp_path: Path) -> None:
    keep_spare(tmp_path)
    spare = tmp_path / SPARE_NAME
    assert spare.stat().st_size == SPARE_BYTES
    assert spare.stat().st_mode & 0o777 == 0o600
    before = spare.stat()
    keep_spare(tmp_path)
    assert spare.stat() == before
    assert give_spare(tmp_path)
    assert not spare.exists()
    assert not give_spare(tmp_path)


def test_spare_where_something_else_stands_is_left_alone(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / SPARE_NAME).symlink_to(victim)
    keep_spare(tmp_path)
    assert not give_spare(tmp_path)
    assert victim.read_text() == "precious"
    assert (tmp_path / SPARE_NAME).is_symlink()


def test_spare_where_there_is_no_root_makes_nothing(tmp_path: Path) -> None:
    keep_spare(tmp_path / "none")
    assert not give_spare(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_spare_comes_with_a_list_and_again_after_a_removal(tmp_path: Path) -> None:
    store = NativeStore(tmp_path)
    made = store.create_task("colony:spare", "One")
    assert (tmp_path / SPARE_NAME).exists()
    give_spare(tmp_path)
    store.update_task("colony:spare", made.id, subject="Other")
    assert not (tmp_path / SPARE_NAME).exists()
    store.delete_task("colony:spare", made.id)
    assert (tmp_path / SPARE_NAME).exists()
