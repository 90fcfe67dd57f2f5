"""Names in full that stand under what somebody is, and not under "name" alone: Inventor, Attendee, Officer name.

Such a column may as well hold numbers, or what somebody is called in a programme: it is taken where the file names
nobody else, and by what it holds.
"""

from collections.abc import Collection, Sequence

from linkage.adhoc.columns.things import is_of_thing, values_of
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.header_words import in_latin, words_of
from linkage.adhoc.headers.known_headers import is_known
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine

_NAMED = frozenset({"forename", "surname", "full_name"})
_OF_WORDS = 0.9  # share of the values that have two words or more, and none a digit
_FEWEST, _MOST = 2, 5  # words of a name in full
_MANY_THINGS, _FEW = 0.3, 0.02  # shares of things, and of different ones, by which a name is no person's
_OF_THINGS = 0.1  # share of the values, from which a column is of no persons


def named_by_role(engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str]) -> list[str]:
    """Maps of the columns that are names in full under a role, as an analyst would say it, of each file.

    Args:
        files: two files, or one that is compared with itself.
        columns: what names and the analyst told.
        told: columns that the analyst named.
    """
    found = []
    sides = (("left", columns.left, columns.left_parts), ("right", columns.right, columns.right_parts))
    for side, held, parts in sides:
        others = columns.right if side == "left" else columns.left
        file = files[0] if side == "left" else files[-1]
        if _NAMED & {*held, *parts} and not _names_things(engine, file, parts.get("full_name"), told):
            continue
        roles = [name for name in file.header if _is_role(name) and name not in told and not is_known(name)]
        if not roles and "forename" in others and held.get("organisation", "") not in {"", *told}:
            roles = [held["organisation"]]  # beside persons, Registered Name is one's
        named = [name for name in roles if _holds_names(values_of(engine, file, name))]
        if len(named) == 1:
            found.append(f"{side}.full_name={named[0]}")
    return found


def _names_things(engine: Engine, file: PersonFile, column: str | None, told: Collection[str]) -> bool:
    """Whether a column that is called "name" is of what somebody bought, or of few that many have."""
    if column is None or column in told or in_latin(column) not in vocabulary()["field"]["full_name"]["beside"]:
        return False
    values = values_of(engine, file, column)
    few = len({*values}) <= _FEW * len(values)
    return few or sum(map(is_of_thing, values)) >= _MANY_THINGS * len(values)


def _is_role(column: str) -> bool:
    words = words_of(column)
    called = words[:-1] if len(words) > 1 and words[-1] in ("name", "names") else [in_latin(column)]
    return "".join(called) in vocabulary()["roles"]


def _holds_names(values: Sequence[str]) -> bool:
    if not values:
        return False
    named = sum(_FEWEST <= len(value.split()) <= _MOST and not any(map(str.isdigit, value)) for value in values)
    return named >= _OF_WORDS * len(values) and sum(map(is_of_thing, values)) < _OF_THINGS * len(values)
