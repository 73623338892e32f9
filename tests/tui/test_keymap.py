"""Keys have ids and help, and an analyst's keys.toml is checked before it is used."""

import pytest

from socconsole.errors import SettingsError
from socconsole.tui.app import ConsoleApp
from socconsole.tui.keymap import can_be_pressed, key, load_keymap, refuse_clashes, split_keys
from socconsole.tui.scopes import all_scopes, own_bindings, screen_classes
from tests.tui.analyst import at_the_console

SCOPES = {
    "Queue": [
        key("alert.acknowledge", "a", "acknowledge", "Acknowledge"),
        key("alert.close", "x", "close", "Close"),
    ]
}


def written(tmp_path, text):
    path = tmp_path / "keys.toml"
    path.write_text(text)
    return path


def test_every_binding_of_every_screen_has_an_id_and_help():
    for scope, bindings in all_scopes(ConsoleApp).items():
        for binding in bindings:
            assert binding.id, f"{scope}: {binding.key} has no id"
            assert binding.tooltip, f"{scope}: {binding.id} has no help"


def test_an_id_means_one_thing_everywhere():
    meanings = {}
    for cls in screen_classes().values():
        for binding in own_bindings(cls):
            assert meanings.setdefault(binding.id, binding.tooltip) == binding.tooltip


def test_no_two_bindings_of_a_screen_share_a_key():
    for scope, bindings in all_scopes(ConsoleApp).items():
        refuse_clashes(scope, bindings, {})


def test_without_a_file_keys_are_as_shipped(tmp_path):
    assert load_keymap(tmp_path / "keys.toml", SCOPES) == {}


def test_a_file_changes_keys_by_id(tmp_path):
    path = written(tmp_path, '[keys]\n"alert.close" = "f2, comma"\n')
    assert load_keymap(path, SCOPES) == {"alert.close": "f2,comma"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\n"alert.clos" = "y"', "'alert.close'"),
        ('[keys]\n"alert.close" = "a"', "'a' would be both"),
        ('[keys]\n"alert.close" = "ctrl+m"', "cannot be told from 'enter'"),
        ('[keys]\n"alert.close" = "alt+x"', "Escape"),
        ('[keys]\n"alert.close" = "hyperspace"', "is not a key"),
        ('[keys]\n"alert.close" = ""', "has no key"),
        ('[key]\n"alert.close" = "y"', "[keys]"),
        ("[keys", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_the_nearest_word(tmp_path, text, said):
    with pytest.raises(SettingsError, match=r"keys\.toml") as caught:
        load_keymap(written(tmp_path, text), SCOPES)
    assert said in str(caught.value)


async def test_a_remapped_key_acts_and_the_old_one_does_not(bare_setup):
    bare_setup.config_folder.mkdir()
    written(bare_setup.config_folder, '[keys]\n"app.help" = "f2"\n')
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("question_mark")
        assert "Keys of" not in analyst.screen
        await analyst.presses("f2")
        assert "Keys of Queue" in analyst.screen


async def test_a_wrong_keys_file_is_said_and_the_shipped_keys_stay(bare_setup):
    bare_setup.config_folder.mkdir()
    written(bare_setup.config_folder, '[keys]\n"app.halp" = "f2"\n')
    async with at_the_console(bare_setup) as analyst:
        assert "app.help" in analyst.bottom
        await analyst.presses("question_mark")
        assert "Keys of Queue" in analyst.screen


def test_every_key_there_is_can_be_pressed():
    keys = {
        (pressed, binding.id)
        for bindings in all_scopes(ConsoleApp).values()
        for binding in bindings
        for pressed in split_keys(binding.key)
    }
    assert {each for each in keys if not can_be_pressed(each[0])} == set()
    assert not can_be_pressed("at_sign")
    assert not can_be_pressed("plus_sign")
    assert can_be_pressed("at")
