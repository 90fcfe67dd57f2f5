"""How common a name of things is, without the two records that are compared.

Of two records that bear one name, each bears it because it bears it: how many others do says how common it is. Of
persons thousands share a surname, and two more or less are nothing. The name of a shop stands once in each file, in the
two records of the one shop, and counted with these it is as common as a name that two shops have.
"""

from linkage.model.comparisons import rare_words_of
from linkage.model.splink_json import Model

_LESS = 1.5
"""Records taken off: the two, and half of one put beside the others, since a name that no third record has is rare, but
not unheard of."""


def holders(model: Model, column: str, counted: str) -> str:
    """SQL of how many records hold a value of a column, as its frequency counts them.

    Args:
        counted: SQL of how many hold it, the two that are compared among them.
    """
    held = f"cast({counted} as double)"
    if rare_words_of(column) not in model.columns:
        return held
    return f"greatest({held} - {_LESS!r}, {2 - _LESS!r})"
