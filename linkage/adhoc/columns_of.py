"""Which column of two files is which: by an analyst's word, by name, and then by what the columns hold."""

from collections.abc import Sequence
from dataclasses import replace

from linkage.adhoc.addresses import with_addresses
from linkage.adhoc.birth_numbers import with_birth_numbers
from linkage.adhoc.by_content import taken_by_content
from linkage.adhoc.ids import with_ids
from linkage.adhoc.person_file import PersonFile
from linkage.adhoc.recognise import Columns, recognise, refuse_too_few
from linkage.adhoc.towns import with_towns
from linkage.adhoc.wide import without_idle
from linkage.engine import Engine


def columns_of(
    engine: Engine,
    files: Sequence[PersonFile],
    maps: Sequence[str] = (),
    ids: tuple[str | None, str | None] = (None, None),
) -> Columns:
    """Fields and ids of two files.

    Args:
        maps: "left.forename=PERNAME1": an analyst's word.
        ids: the id columns, where they are named; "none" numbers the rows.

    Raises:
        ConfigError: a map that names no file or no column, or fewer than two fields that both files hold.
    """
    headers = files[0].header, files[1].header
    named = (None if ids[0] == "none" else ids[0], None if ids[1] == "none" else ids[1])
    columns = recognise(*headers, maps, named, enough=False)
    found = [text for taken in taken_by_content(engine, files, columns) for text in taken.maps()]
    if found:
        columns = replace(recognise(*headers, [*maps, *found], named, enough=False), by_content=tuple(found))
    refuse_too_few(columns, *headers)
    columns = with_ids(engine, files, columns, numbered=[name == "none" for name in ids])
    columns = without_idle(engine, files, columns)
    columns = with_towns(engine, files, with_addresses(engine, files, columns))
    return with_birth_numbers(engine, files, columns)
