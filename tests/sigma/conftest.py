import os
from pathlib import Path

import pytest

from socconsole.sigma.rules import load_rules


@pytest.fixture
def rules(tmp_path):
    """Load rules from texts; without `errors=True` a refusal fails the test."""

    def load(*texts, errors=False, **kwargs):
        for number, text in enumerate(texts):
            (tmp_path / f"{number:03}.yml").write_text(text)
        ruleset = load_rules([tmp_path], **kwargs)
        if not errors:
            assert not ruleset.errors, [str(error) for error in ruleset.errors]
        return ruleset

    return load


@pytest.fixture(scope="session")
def public_rules(tmp_path_factory):
    """SigmaHQ's rules, read once for all the tests that need them whole, in all processes."""
    corpora = os.environ.get("SOCCONSOLE_CORPORA")
    if corpora is None or not Path(corpora, "sigma").is_dir():
        pytest.skip("$SOCCONSOLE_CORPORA names no folder with sigma")
    folder = tmp_path_factory.getbasetemp()
    cache = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    return load_rules(sorted(Path(corpora, "sigma").glob("rules*")), cache=cache / "rules")
