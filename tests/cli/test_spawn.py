"""A console starts a collector without saying on a command line how to reach the database."""

from types import SimpleNamespace

from socconsole import spawn


def test_the_address_of_the_database_stands_on_no_command_line(
    database, noon, tmp_path, monkeypatch
):
    started = []

    def start(words, **how):
        started.append((words, how["env"]))
        return SimpleNamespace(pid=7)

    monkeypatch.setattr(spawn.subprocess, "Popen", start)
    log = tmp_path / "collector.log"
    said = spawn.start_collector(database, group="all", config=None, log=log, now=noon)
    assert said == "started collector 7"
    ((words, environ),) = started
    assert words[1:] == ["-m", "socconsole", "collect", "--attended"]
    assert environ["SOCCONSOLE_DB"] == database.url.render_as_string(hide_password=False)
