"""What ships with the program: rules, runbooks, the manual, templates, themes, sample data."""

from pathlib import Path

from socconsole.errors import NotFoundError

RULES = Path(__file__).with_name("rules")
"""The shipped Sigma rules."""

TEMPLATES = RULES.parent / "templates"
"""The shipped ticket templates."""

PLAN = RULES.parent / "response_plan.toml"
"""The shipped response plan."""

_HERE = RULES.parent
_PACKED = _HERE.parent / "_data"
_CHECKOUT = _HERE.parent.parent


def themes_folder() -> Path:
    """Return the folder of the shipped themes."""
    return _data("themes")


def sample_data() -> Path:
    """Return the folder of the sample logs and the demo's scenario."""
    return _data("sample_data")


def runbook(page_id: str) -> str:
    """Return the Markdown of a runbook.

    Raises:
        NotFoundError: There is none of that id.

    """
    return _page("runbooks", page_id, "runbook")


def manual_topics() -> tuple[str, ...]:
    """Return the name of every page of the manual, `index` first."""
    names = _pages("manual")
    return ("index", *(name for name in names if name != "index"))


def manual_page(topic: str) -> str:
    """Return the Markdown of a page of the manual.

    Raises:
        NotFoundError: There is none of that name.

    """
    return _page("manual", topic, "page of the manual")


def title_of(markdown: str) -> str:
    """Return the first heading of a page, or its first line."""
    lines = markdown.splitlines() or [""]
    return next((line for line in lines if line.startswith("# ")), lines[0]).removeprefix("# ")


def _pages(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (_HERE / folder).glob("*.md")))


def _page(folder: str, name: str, kind: str) -> str:
    known = _pages(folder)
    if name in known:
        return (_HERE / folder / f"{name}.md").read_text(encoding="utf-8")
    begin_alike = [page for page in known if name and page.startswith(name)]
    if len(begin_alike) == 1:
        return _page(folder, begin_alike[0], kind)
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."
    raise NotFoundError(f"There is no {kind} {name!r}.", hint=hint)


def _data(name: str) -> Path:
    """Return a folder that stands at the top of a checkout and inside an installed package."""
    packed = _PACKED / name
    return packed if packed.is_dir() else _CHECKOUT / name
