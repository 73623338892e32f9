"""Numbers as commands take them."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

_MOST = 10**9

Limit = Annotated[int, Parameter(validator=Number(gte=1, lte=_MOST))]
"""At most so many rows."""
LimitOrAll = Annotated[int, Parameter(validator=Number(gte=0, lte=_MOST))]
"""At most so many rows; 0 for all."""
