"""Streets that one file writes with the numbers of houses, and the other without: these have a column of their own."""

from collections.abc import Sequence

from linkage.adhoc.files.columns_made import counted, looked_up
from linkage.adhoc.files.forms import one_alone_has
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.places.towns import without_usual_words
from linkage.engine import Engine


def streets_alone(engine: Engine, held: Sequence[tuple[PersonFile, str]]) -> list[tuple[PersonFile, str]]:
    """Columns of streets without numbers, and without a word before all of one file's (ul. Polna 104).

    As they are where both files write numbers, or neither does. Values are looked at one by one only where they change.

    Args:
        held: two files, each with its column of addresses.
    """
    if not one_alone_has(engine, held, "[0-9]"):
        return list(held)
    made = []
    for file, column in without_usual_words(engine, held):
        texts = {value: (street(value),) for value in counted(engine, file, column)}
        new, (name,) = looked_up(engine, file, column, texts, ["street"])
        made.append((new, name))
    return made


def street(address: str) -> str:
    """The words before the number of a house, or behind it where it stands first.

    >>> street("Polna 104 m. 5"), street("12a High Street"), street("Hauptstr. 7"), street("3 Maja 5"), street("12")
    ('Polna', 'High Street', 'Hauptstr.', 'Maja', '12')
    """
    words = address.replace(",", " ").split()
    numbered = [any(map(str.isdigit, word)) for word in words]
    first = next((place for place, has in enumerate(numbered) if not has), 0)
    last = next((place for place, has in enumerate(numbered) if has and place > first), len(words))
    return " ".join(words[first:last])
