"""Commands: one declaration each, no two on one key, and a keymap that is checked."""

from __future__ import annotations

import pytest
from textual.binding import Binding

from store.model.task import Verb
from tui.commands import COMMANDS
from tui.keys import bindings, keymap_problem


def test_commands_as_declared_have_ids_and_keys_of_their_own() -> None:
    ids = [command.id for command in COMMANDS]
    keys = [key for command in COMMANDS for key in command.key.split(",")]
    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)
    assert keymap_problem({}) is None


def test_commands_that_write_name_a_verb_and_all_verbs_of_the_operator_have_a_key() -> None:
    verbs = {command.verb for command in COMMANDS if command.verb}
    # Edges are added in the edit form, and a deleted task comes back by undo.
    assert verbs == set(Verb) - {Verb.BLOCK, Verb.CLAIM, Verb.RESTORE}


def test_footer_ranks_put_help_and_search_before_quit() -> None:
    ranks = {command.id: command.rank for command in COMMANDS if command.rank}
    assert ranks["app.help"] < ranks["search.start"] < ranks["task.unblock"] < ranks["app.quit"]


def test_bindings_carry_the_id_and_the_help_sentence() -> None:
    by_id = {b.id: b for b in bindings() if isinstance(b, Binding)}
    assert by_id["task.unblock"].key == "u"
    assert by_id["task.unblock"].tooltip.endswith(".")
    assert "cursor.move" not in by_id, "the pane answers the arrows itself"


@pytest.mark.parametrize(
    ("keymap", "said"),
    [
        ({"task.unblok": "U"}, "no command 'task.unblok'"),
        ({"task.unblock": "a"}, "the key a is asked for by both"),
        ({"task.unblock": " , "}, "task.unblock has no key"),
        ({"task.open": "x"}, "keeps its key"),
    ],
)
def test_keymap_problem_of_a_bad_keymap_names_the_command(
    keymap: dict[str, str], said: str
) -> None:
    assert said in str(keymap_problem(keymap))


def test_keymap_problem_of_two_swapped_keys_is_none() -> None:
    assert keymap_problem({"task.unblock": "a", "task.assign": "u"}) is None
