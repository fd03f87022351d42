"""Settings: defaults, what is refused and how the refusal helps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.model.alert import Channel
from store.model.attention import NeedKind
from tui.settings import Settings, SettingsError, default_path, load_settings


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_load_settings_without_a_file_gives_the_defaults(tmp_path: Path) -> None:
    found = load_settings(environ={"XDG_CONFIG_HOME": str(tmp_path)})
    assert found == Settings()
    assert found.stale_after == 1800


def test_load_settings_from_the_default_place_reads_every_kind_of_value(tmp_path: Path) -> None:
    write(
        tmp_path / "colonytop" / "settings.toml",
        'theme = "nord"\nascii = true\nstale_after = "45m"\noperator = "kim"\n'
        'edit_unlocked = true\n[keymap]\n"task.unblock" = "f7"\n',
    )
    found = load_settings(environ={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (found.theme, found.ascii, found.stale_after) == ("nord", True, 2700)
    assert found.keymap == {"task.unblock": "f7"}
    assert found.edit_unlocked
    assert not Settings().edit_unlocked


def test_default_path_with_a_relative_variable_falls_back_to_home(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": "here", "HOME": str(tmp_path)}
    assert default_path(env) == tmp_path / ".config" / "colonytop" / "settings.toml"


def test_load_settings_never_reads_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "settings.toml", "ascii = true")
    write(tmp_path / "colonytop" / "settings.toml", "ascii = true")
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    assert load_settings(environ={"XDG_CONFIG_HOME": ".", "HOME": str(home)}) == Settings()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_load_settings_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "s.toml", "ascii = true")
    path.chmod(mode)
    with pytest.raises(SettingsError, match="others may write it; chmod go-w"):
        load_settings(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ascii = maybe", "not TOML"),
        ("colour = 1", "there is no setting 'colour'"),
        ("stale_after = -1", "stale_after: Input should be greater than 0"),
        ('stale_after = "soon"', 'as in "30m"'),
        ('[keymap]\n"task.unblock" = "a"', "the key a is asked for by both"),
        ('pictures = "out"', "write an absolute path"),
    ],
)
def test_load_settings_with_a_mistake_names_file_field_and_way_out(
    tmp_path: Path, text: str, said: str
) -> None:
    path = write(tmp_path / "s.toml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "mend" in str(caught.value)


def test_load_settings_that_are_named_and_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(tmp_path / "absent.toml")


def test_load_settings_from_a_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "s.toml"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(SettingsError, match="not a regular file"):
        load_settings(pipe)


def test_load_settings_too_large_or_not_utf8_is_refused(tmp_path: Path) -> None:
    large = write(tmp_path / "large.toml", "#" * 70_000)
    with pytest.raises(SettingsError, match="larger than"):
        load_settings(large)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'operator = "\xe9"')
    latin.chmod(0o600)
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(latin)


def test_load_settings_thresholds_of_needs_are_durations(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('unseen_after = "10m"\nlock_held_after = "90s"\n')
    path.chmod(0o600)
    found = load_settings(path)
    assert (found.unseen_after, found.lock_held_after) == (600.0, 90.0)
    path.write_text('lock_held_after = "0s"\n')
    with pytest.raises(SettingsError):
        load_settings(path)


def test_load_settings_notification_rules_say_when_and_how(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.toml",
        'notify_per_minute = 3\n[[notify]]\nwhen = "silent_owner"\nhow = ["bell", "osc9"]\n'
        '[[notify]]\nneed = "cycle"\nwhen = "list:colony"\nhow = ["hook"]\n'
        'hook = ["notify-send", "colonytop"]\ncool_down = "10m"\nper_minute = 2\n'
        '[[notify]]\nwhen = "is:critical age>1h"\nhow = ["osc9"]\n',
    )
    found = load_settings(path)
    silent, ring, late = found.notify
    assert found.notify_per_minute == 3
    assert (silent.kind, silent.query, silent.name) == (
        NeedKind.SILENT_OWNER,
        None,
        "silent_owner",
    )
    assert silent.how == (Channel.BELL, Channel.OSC9)
    assert (ring.kind, ring.name) == (NeedKind.CYCLE, "cycle list:colony")
    assert (ring.hook, ring.cool_down_s, ring.per_minute) == (("notify-send", "colonytop"), 600, 2)
    assert (late.kind, late.name) == (None, "is:critical age>1h")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('when = "is:purple"\nhow = ["bell"]', "notify[1].when: "),
        ('when = "age>"\nhow = ["bell"]', "at character"),
        ('when = "is:marked"\nhow = ["bell"]', "known to the screen alone"),
        ('need = "sadness"\nhow = ["bell"]', "notify[1].need: there is no need 'sadness', only"),
        ('how = ["bell"]', "notify[1]: say when"),
        ('when = "cycle"', "notify[1].how: Field required"),
        ('when = "cycle"\nhow = []', "notify[1].how: "),
        ('when = "cycle"\nhow = ["horn"]', "notify[1].how[1]: Input should be 'bell', 'osc9'"),
        ('when = "cycle"\nhow = ["hook"]', "say which command"),
        ('when = "cycle"\nhow = ["bell"]\nhook = ["x"]', '"hook" is not in how'),
        ('when = "cycle"\nhow = ["hook"]\nhook = ["", "x"]', "write the command first"),
        ('when = "cycle"\nhow = ["hook"]\nhook = ["x\\u0000"]', "no word of a command"),
        ('when = "cycle"\nhow = ["hook"]\nhook = "rm -r"', "notify[1].hook: "),
        ('when = "cycle"\nhow = ["bell"]\ncool_down = "soon"', 'as in "30m"'),
        ('when = "cycle"\nhow = ["bell"]\nper_minute = 0', "notify[1].per_minute: "),
        ('when = "cycle"\nhow = ["bell"]\ncolour = 1', "no setting 'notify[1].colour'"),
    ],
)
def test_load_settings_with_a_wrong_notification_rule_names_it(
    tmp_path: Path, table: str, said: str
) -> None:
    path = write(tmp_path / "s.toml", f"[[notify]]\n{table}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "mend" in str(caught.value)
