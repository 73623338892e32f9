"""What libraries load or keep for purposes a console has none of."""

import importlib
import os
import sys
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType

_NAME = "importlib.metadata"
_NO_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


class _Metadata(ModuleType):
    """Stands for `importlib.metadata` until something of it is used."""

    def __init__(self) -> None:
        super().__init__(_NAME)
        for name in ("version", "entry_points"):  # imported by name, to be called later or never
            setattr(self, name, partial(self._call, name))

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._loaded(), name)

    def _call(self, name: str, *args: object, **kwargs: object) -> object:
        return getattr(self._loaded(), name)(*args, **kwargs)

    def _loaded(self) -> ModuleType:
        """Return the real module, which takes this one's place for good."""
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return importlib.import_module(_NAME)


@contextmanager
def loading_models() -> Iterator[None]:
    """Let SQLModel load without what reads the descriptions of installed packages.

    Both halves of it import that, and archives, mail and tables of text with it: 1.5 MB. Pydantic
    would ask every installed package whether it has a plug-in, and nothing is validated here.
    Afterwards the signatures kept for type checkers at run time are forgotten, another 0.4 MB.
    """
    asked = os.environ.get(_NO_PLUGINS)
    os.environ[_NO_PLUGINS] = "__all__"
    if _NAME not in sys.modules:
        sys.modules[_NAME] = importlib.metadata = _Metadata()
    try:
        yield
    finally:
        if asked is None:
            del os.environ[_NO_PLUGINS]
        else:
            os.environ[_NO_PLUGINS] = asked
        typing.clear_overloads()
