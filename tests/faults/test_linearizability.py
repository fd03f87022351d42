"""The search finds what cannot be explained, and accepts what can."""

from __future__ import annotations

from typing import Any

from tests.faults.linearizability import (
    Call,
    Row,
    State,
    is_linearizable,
    overlapping,
    reduced,
)

ONE_FREE = State((Row(None, "pending"),))


def call(
    process: int, name: str, *arguments: Any, at: tuple[int, int | None], answer: tuple[Any, ...]
) -> Call:
    return Call(process, name, arguments, at[0], at[1], answer)


def test_is_linearizable_overlapping_claims_with_one_winner_accepted() -> None:
    history = [
        call(0, "claim", 1, "a", at=(0, 10), answer=("already_owned", "b")),
        call(1, "claim", 1, "b", at=(5, 12), answer=("ok",)),
    ]
    assert is_linearizable(history, ONE_FREE)
    assert overlapping(history) == 1


def test_is_linearizable_two_winners_refused() -> None:
    history = [
        call(0, "claim", 1, "a", at=(0, 10), answer=("ok",)),
        call(1, "claim", 1, "b", at=(5, 12), answer=("ok",)),
    ]
    assert not is_linearizable(history, ONE_FREE)


def test_is_linearizable_two_winners_with_a_release_between_accepted() -> None:
    history = [
        call(0, "claim", 1, "a", at=(0, 10), answer=("ok",)),
        call(1, "claim", 1, "b", at=(5, 30), answer=("ok",)),
        call(0, "release", 1, "a", at=(11, 20), answer=("ok",)),
    ]
    assert is_linearizable(history, ONE_FREE)


def test_is_linearizable_answer_from_before_the_call_began_refused() -> None:
    history = [
        call(0, "transition", 1, "pending", "completed", at=(0, 10), answer=("ok",)),
        call(1, "read", 1, at=(20, 30), answer=("row", None, "pending")),
    ]
    assert not is_linearizable(history, ONE_FREE)


def test_is_linearizable_one_id_given_twice_refused() -> None:
    history = [
        call(0, "create", at=(0, 10), answer=("made", 2)),
        call(1, "create", at=(5, 12), answer=("made", 2)),
    ]
    assert not is_linearizable(history, ONE_FREE)


def test_is_linearizable_call_without_an_answer_may_have_happened_or_not() -> None:
    unanswered = call(0, "claim", 1, "a", at=(0, None), answer=())
    won = call(1, "claim", 1, "b", at=(5, 12), answer=("ok",))
    lost = call(1, "claim", 1, "b", at=(5, 12), answer=("already_owned", "a"))
    assert is_linearizable([unanswered, won], ONE_FREE)
    assert is_linearizable([unanswered, lost], ONE_FREE)
    assert not is_linearizable([lost], ONE_FREE)


def test_reduced_history_keeps_only_what_contradicts() -> None:
    winners = [
        call(0, "claim", 1, "a", at=(2, 10), answer=("ok",)),
        call(1, "claim", 1, "b", at=(5, 12), answer=("ok",)),
    ]
    history = [
        call(2, "read", 1, at=(0, 1), answer=("row", None, "pending")),
        *winners,
        call(2, "create", at=(20, 21), answer=("made", 2)),
    ]
    assert reduced(history, ONE_FREE) == winners
