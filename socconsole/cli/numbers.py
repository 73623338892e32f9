"""Numbers as commands take them."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

_MOST = 10**9

Limit = Annotated[int, Parameter(validator=Number(gte=1, lte=_MOST))]
"""At most so many rows."""
Days = Annotated[int, Parameter(validator=Number(gte=1, lte=36_500))]
"""So many days back."""
Lines = Annotated[int, Parameter(validator=Number(gte=0, lte=_MOST))]
"""So many lines, or none."""
LimitOrAll = Annotated[int, Parameter(validator=Number(gte=0, lte=_MOST))]
"""At most so many rows; 0 for all."""
