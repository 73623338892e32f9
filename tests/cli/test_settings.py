"""What the settings file may say, and what a mistake in it is told."""

import pytest

from socconsole.core.event import LogSource
from socconsole.errors import FileError, SettingsError
from socconsole.settings import database_url, load_settings


@pytest.fixture
def write(tmp_path):
    def write(text, name="socconsole.toml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(path):
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    return str(caught.value)


def test_the_documented_example_is_read(write, tmp_path):
    path = write(
        """
        [[source]]
        name = "auth"
        path = "/var/log/auth.log"
        logsource = { product = "linux", service = "sshd" }
        [[source]]
        name = "web"
        path = "logs/*.log"
        criticality = "high"
        [rules]
        paths = ["my-rules"]
        disable = ["3c8e"]
        placeholders = { Administrators = ["root", "adm"] }
        [shift]
        timezone = "Europe/Berlin"
        starts = ["06:00", "14:00", "22:00"]
        [sla]
        acknowledge_minutes = { critical = 5 }
        [retention]
        events_gb = 5
        """
    )
    settings = load_settings(path, {})
    auth, web = settings.source
    assert auth.logsource == LogSource(product="linux", service="sshd")
    assert web.path == str(tmp_path / "logs/*.log")
    assert settings.rules.paths == (str(tmp_path / "my-rules"),)
    assert settings.rules.placeholders["Administrators"] == ("root", "adm")
    assert settings.sla.acknowledge_minutes["critical"] == 5
    assert settings.sla.acknowledge_minutes["low"] == 1440
    assert settings.retention.events_gb == 5.0
    assert settings.path == path


def test_no_file_means_the_defaults(tmp_path, monkeypatch):
    monkeypatch.setattr("socconsole.settings.SYSTEM_FILE", tmp_path / "none.toml")
    settings = load_settings(None, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert settings.path is None
    assert settings.fold.window_minutes == 15


def test_the_file_is_searched_in_the_documented_order(write, tmp_path, monkeypatch):
    system = write('[shift]\nname = "system"', "etc/socconsole.toml")
    monkeypatch.setattr("socconsole.settings.SYSTEM_FILE", system)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    assert load_settings(None, environ).shift.name == "system"
    write('[shift]\nname = "user"', "home/socconsole/socconsole.toml")
    assert load_settings(None, environ).shift.name == "user"
    environ["SOCCONSOLE_CONFIG"] = str(write('[shift]\nname = "environment"', "env.toml"))
    assert load_settings(None, environ).shift.name == "environment"
    named = write('[shift]\nname = "named"', "named.toml")
    assert load_settings(named, environ).shift.name == "named"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[shfit]", "Unknown key 'shfit'. Did you mean shift?"),
        ("[shift]\ntimezome = 'UTC'", "Unknown key 'shift.timezome'. Did you mean timezone?"),
        (
            "[[source]]\nname='a'\npath='b'\nformatt='x'",
            "'source[1].formatt'. Did you mean format?",
        ),
        ("[[source]]\nname = 'a'", "source[1] has no 'path'."),
        ("[source]\nname = 'a'", "source has to be a list. Write [[source]]."),
        ("[fold]\nwindow_minutes = '15'", "fold.window_minutes is '15'; it has to be a whole"),
        ("[fold]\nwindow_minutes = true", "fold.window_minutes is True; it has to be a whole"),
        ("[fold]\nwindow_minutes = -1", "it cannot be negative"),
        ("[fold]\nwindow_minutes = 99999999999", "that is too much"),
        ("[console]\nmouse = 'maybe'", "it has to be one of 'auto', 'on', 'off'"),
        ("[rules]\npaths = 'rules'", "rules.paths has to be a list. Write rules.paths = […]."),
        ("[rules]\npaths = ['~no-such-account/x']", "an account that there is not"),
        ("[shift]\ntimezone = 'Europe/Berlim'", "there is no time zone 'Europe/Berlim'"),
        ("[shift]\nstarts = ['6:00']", "'6:00' is not a time of day"),
        ("[sla]\nacknowledge_minutes = { criticl = 5 }", "Did you mean critical?"),
        (
            "[[source]]\nname='a'\npath='b'\n[[source]]\nname='a'\npath='c'",
            "Two sources are called",
        ),
        ("[shift", "This is not TOML"),
        ("a = " + "[" * 5000, "too deep"),
        ("[[source]]\nname = ''\npath = 'b'", "source[1].name is ''"),
        ('[[source]]\nname = "a\\u001b[2J"\npath = "b"', "it has to be a name to read"),
        ("[[source]]\nname = 'a'\npath = ' '", "source[1].path is empty"),
        ("[retention]\nevents_gb = nan", "it has to be a number"),
        ("shift = 3", "shift has to be a table. Write [shift]."),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(write, text, told):
    path = write(text)
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert told in message


def test_a_byte_order_mark_is_no_mistake(write):
    assert load_settings(write("\ufeff[shift]\nname = 'early'"), {}).shift.name == "early"


def test_a_named_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileError, match="There is no settings file"):
        load_settings(tmp_path / "none.toml", {})


def test_the_database_is_the_one_named_nearest(write, tmp_path):
    settings = load_settings(write("[database]\nurl = 'soc.db'"), {})
    environ = {"SOCCONSOLE_DB": "postgresql://host/soc"}
    assert database_url(settings, environ, "/x.db") == "sqlite:////x.db"
    assert database_url(settings, environ, None) == "postgresql://host/soc"
    with pytest.raises(FileError, match="an account that there is not"):
        database_url(settings, environ, "~no-such-account/soc.db")
    assert database_url(settings, {}, None) == f"sqlite:///{tmp_path}/soc.db"
    without = load_settings(write(""), {})
    state = {"XDG_STATE_HOME": "/state"}
    assert database_url(without, state, None) == "sqlite:////state/socconsole/soc.db"
