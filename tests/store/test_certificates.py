"""With TLS certificates the server knows who asks: one line and an exit code for all others."""

import shutil
import sys
from urllib.parse import urlencode

import pytest
from sqlmodel import select

from socconsole import cli
from socconsole.errors import ForbiddenError
from socconsole.store.database import Database
from socconsole.store.roles import apply_roles, grant
from socconsole.store.tables import Note
from tests.certificates import LONG_GONE, Authority
from tests.postgres import start_server
from tests.store.test_server import note

pytestmark = pytest.mark.postgres

ALICE, CAROL = "alice@soc.example", "carol@elsewhere.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority that knows the server, Alice, somebody else, and Alice as she once was."""
    made = Authority(tmp_path_factory.mktemp("tls") / "ours")
    made.issue("server", host="localhost")
    made.issue(ALICE)
    made.issue(CAROL)
    made.issue("old", valid=LONG_GONE)
    shutil.copy(made.folder / f"{ALICE}.key", made.folder / "open.key")
    (made.folder / "open.key").chmod(0o644)
    return made


@pytest.fixture(scope="module")
def stranger(authority):
    """An authority that nobody has heard of."""
    made = Authority(authority.folder.with_name("strangers"))
    made.issue(ALICE)
    return made


@pytest.fixture(scope="module")
def server(authority):
    with start_server(tls=True) as made:
        made.execute("CREATE DATABASE soc", "CREATE ROLE alice LOGIN", "CREATE ROLE bob LOGIN")
        made.listen_with_tls(
            authority=authority.certificate,
            certificate=authority.folder / "server.crt",
            rules="hostssl all all 127.0.0.1/32 cert map=people",
            names=r"people /^(.*)@soc\.example$ \1",
        )
        owner = Database(made.url("soc"))
        owner.create()
        with owner.begin() as session:
            apply_roles(session.connection())
            for login in ("alice", "bob"):
                grant(session.connection(), login, "analyst")
        owner.close()
        yield made


def files_of(authority, certificate, key):
    folder = authority.folder
    return {"sslcert": folder / f"{certificate}.crt", "sslkey": folder / f"{key}.key"}


@pytest.fixture
def url(server, authority):
    """Return the address of the database as somebody asks for it."""

    def url(login="alice", **changed):
        asked = {
            "hostaddr": "127.0.0.1",
            "sslmode": "verify-full",
            "sslrootcert": authority.certificate,
            **files_of(authority, ALICE, ALICE),
            **changed,
        }
        host = asked.pop("host", "localhost")
        query = urlencode(asked)
        return f"postgresql://{login}@{host}:{server.port}/soc?{query}"

    return url


@pytest.fixture
def alice(url):
    opened = Database(url())
    yield opened
    opened.close()


def test_whom_a_certificate_names_works_under_that_name_alone(alice, noon):
    note(alice, noon, by="alice")
    for by, signed in (("bob", None), ("alice", "bob")):
        with pytest.raises(ForbiddenError, match="does not let this login"):
            note(alice, noon, by=by, signed=signed)
    with alice.read() as session:
        assert session.exec(select(Note)).one().created_by == "alice"


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        ({"login": "bob"}, 1, "does not accept your certificate for this login"),
        ({"files": (CAROL, CAROL)}, 1, "does not accept your certificate"),
        ({"files": ("old", "old")}, 1, "Your certificate has expired"),
        ({"sslcertmode": "disable"}, 1, "The database server asks for a certificate"),
        ({"sslmode": "disable"}, 1, "does not accept this login"),
        ({"host": "db.example"}, 3, "cannot prove who it is"),
        ({"files": (ALICE, "open")}, 3, "Your certificate and its key cannot be used"),
        ({"files": (ALICE, "server")}, 3, "Your certificate and its key cannot be used"),
    ],
)
def test_every_other_certificate_is_one_line(said, url, authority, asked, code, says):
    named = asked.get("files")
    files = files_of(authority, *named) if named else {}
    rest = {name: value for name, value in asked.items() if name != "files"}
    assert says in said(url(**rest, **files), code)


def test_an_authority_nobody_knows_is_one_line_on_either_side(said, url, stranger):
    theirs = files_of(stranger, ALICE, ALICE)
    assert "does not accept your certificate" in said(url(**theirs), 1)
    assert "cannot prove who it is" in said(url(sslrootcert=stranger.certificate), 3)


@pytest.fixture
def said(capsys, monkeypatch, tmp_path):
    """Run a command and return the one line it says; it ends with an exit code."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SOCCONSOLE_CONFIG", "")

    def said(url, code):
        monkeypatch.setattr(sys, "argv", ["socconsole", "--db", url, "alerts", "list"])
        assert cli.main() == code
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("socconsole: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return said
