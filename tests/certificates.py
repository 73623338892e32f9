"""Certificates for tests, from an authority that lasts as long as they do."""

import subprocess
from pathlib import Path

import pytest

LONG_GONE = "20200101000000Z", "20200102000000Z"
_SETTINGS = """
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.crt
private_key = {folder}/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = asked
[asked]
"""


class Authority:
    """Signs certificates, in a folder of its own that it is named after."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.certificate = folder / "ca.crt"
        (folder / "index").touch()
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(_SETTINGS.format(folder=folder))
        self._run("req", "-x509", *self._new_key("ca"), "-subj", f"/CN={folder.name}", "-out",
                  self.certificate)  # fmt: skip

    def issue(self, name: str, *, host: str = "", valid: tuple[str, str] | None = None) -> Path:
        """Make `name.key` and `name.crt`, whose common name is `name`; return the latter's path.

        Args:
            name: Whom it names.
            host: The host it is a server's certificate for.
            valid: From when until when; today without.

        """
        request, made = self.folder / f"{name}.csr", self.folder / f"{name}.crt"
        for_host = ("-addext", f"subjectAltName=DNS:{host}") if host else ()
        self._run("req", *self._new_key(name), "-subj", f"/CN={name}", *for_host, "-out", request)
        span = ("-startdate", valid[0], "-enddate", valid[1]) if valid else ("-days", "1")
        self._run("ca", "-batch", "-notext", *span, "-in", request, "-out", made)
        return made

    def _new_key(self, name: str) -> tuple[object, ...]:
        key = self.folder / f"{name}.key"
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key

    def _run(self, command: str, *words: object) -> None:
        settings = self.folder / "openssl.cnf"
        line = ["openssl", command, "-config", str(settings), *map(str, words)]
        try:
            subprocess.run(line, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("no openssl command to make certificates with")
