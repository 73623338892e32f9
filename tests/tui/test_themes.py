"""Themes are files; the user's own stand beside the shipped ones."""

import shutil

import pytest

from socconsole.content import themes_folder
from socconsole.errors import SettingsError
from socconsole.tui.themes import load_looks, read_look, suits
from tests.tui.analyst import at_the_console


def test_the_shipped_themes_are_right():
    looks, problems = load_looks([themes_folder()])
    assert not problems
    assert {"dark", "light", "high-contrast", "colour-blind", "sixteen"} <= set(looks)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('primary = "#4f8cc9"', 'primry = "#4f8cc9"', "'primary'"),
        ('primary = "#4f8cc9"', 'primary = "bluish"', "'bluish'"),
        ('cursor = "', 'curser = "', "'cursor'"),
        ('gone = "strike', 'gone = "strook', "'gone'"),
        ("[styles]", "[styles", "cannot be read"),
    ],
)
def test_a_wrong_theme_is_named_with_what_is_wrong(tmp_path, old, new, said):
    path = tmp_path / "mine.toml"
    path.write_text((themes_folder() / "dark.toml").read_text().replace(old, new))
    with pytest.raises(SettingsError, match=r"mine\.toml") as caught:
        read_look(path)
    assert said in str(caught.value)


async def test_the_users_theme_is_there_and_themes_change_live(bare_setup):
    own = bare_setup.config_folder / "themes"
    own.mkdir(parents=True)
    shutil.copy(themes_folder() / "light.toml", own / "mine.toml")
    text = (own / "mine.toml").read_text().replace('name = "light"', 'name = "mine"')
    (own / "mine.toml").write_text(text)
    async with at_the_console(bare_setup) as analyst:
        before = analyst.app.look["cursor"]
        await analyst.presses("colon")
        await analyst.types("theme mine")
        assert analyst.app.theme == "mine"
        assert analyst.app.look["cursor"] != before


async def test_no_color_draws_with_attributes_alone(bare_setup, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_the_console(bare_setup) as analyst:
        assert all(style.color is None for style in analyst.app.look.styles.values())
        assert analyst.app.look["critical"].reverse


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, None),
        ({"TERM": "xterm-kitty"}, None),
        ({"TERM": "linux"}, "sixteen"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "sixteen"),
    ],
)
def test_a_terminal_gets_the_theme_it_can_show(environ, theme):
    assert suits(environ) == theme


async def test_every_shipped_theme_draws_and_can_be_left_again(bare_setup):
    themes = ("light", "high-contrast", "colour-blind", "sixteen", "dark")
    async with at_the_console(bare_setup) as analyst:
        assert set(themes) <= set(analyst.app.looks)
        for name in (*themes, *themes):
            analyst.app.theme = name
            await analyst.pilot.pause()
            assert "[Open]" in analyst.screen
