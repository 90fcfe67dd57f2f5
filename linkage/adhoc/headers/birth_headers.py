"""Headers of birth dates that are put together of known words: FEC_NAC, anno_nasc, mes_ano_nacimiento."""

import functools
from collections.abc import Sequence

from linkage.adhoc.headers.vocabulary import vocabulary

_KINDS = ("date", "year", "month", "day")


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    rules = vocabulary()
    return {name: frozenset(words) for name, words in rules["birth_words"].items()} | {
        "noise": frozenset((*rules["noise"], *rules["before"]))
    }


def field_of_birth(words: Sequence[str]) -> str | None:
    """The field of a header that says "birth", and which parts of its date, and nothing else; or age at an occasion.

    Args:
        words: of the header, lower-case ASCII.
    """
    if list(words[:2]) == ["age", "at"]:
        return "age"
    known = _words()
    kinds = {kind for kind in _KINDS if known[kind] & set(words)}
    said = known["birth"].union(known["between"], known["noise"], *(known[kind] for kind in _KINDS))
    if not kinds or not known["birth"] & set(words) or not said.issuperset(words):
        return None
    if "date" in kinds or {"year", "month"} <= kinds:
        return "dob"
    (kind,) = kinds if len(kinds) == 1 else {""}
    return f"birth_{kind}" if kind else None
