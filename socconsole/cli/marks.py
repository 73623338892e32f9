"""The marks of cases as commands take them: who may be told, what may be done."""

from typing import Literal

TlpMark = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
PapMark = Literal["CLEAR", "GREEN", "AMBER", "RED"]
