"""Which column of a file, or of two, is which: by an analyst's word, by name, and then by what the columns hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.columns.born import places_of_birth
from linkage.adhoc.columns.british_numbers import with_other_countries
from linkage.adhoc.columns.by_content import taken_by_content
from linkage.adhoc.columns.copies import without_copies
from linkage.adhoc.columns.filled import filled
from linkage.adhoc.columns.forenames_alone import forenames_alone
from linkage.adhoc.columns.house_numbers import house_numbers
from linkage.adhoc.columns.ids import with_ids, without_mere_numbers
from linkage.adhoc.columns.roles import named_by_role
from linkage.adhoc.columns.things import names_of_things
from linkage.adhoc.columns.wide import without_idle
from linkage.adhoc.dates.birth_numbers import with_birth_numbers
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.further_contacts import with_further_contacts
from linkage.adhoc.headers.maps import of_one_file, without_left_out
from linkage.adhoc.headers.recognise import (
    Columns,
    known_fields,
    named_fields,
    recognise,
    refuse_too_few,
    shown_names,
)
from linkage.adhoc.headers.same_names import is_mere_number
from linkage.adhoc.names.chains import with_chains
from linkage.adhoc.places.addresses import address_columns, with_addresses, with_dwellings
from linkage.adhoc.places.towns import with_towns
from linkage.engine import Engine
from linkage.errors import ConfigError
from linkage.model.comparisons import HOME


def columns_of(
    engine: Engine,
    files: Sequence[PersonFile],
    maps: Sequence[str] = (),
    ids: tuple[str | None, str | None] = (None, None),
    *,
    fewest: int = 2,
) -> Columns:
    """Fields and ids of two files.

    Args:
        maps: "left.forename=PERNAME1": an analyst's word.
        ids: the id columns, where they are named; "none" numbers the rows.
        fewest: fields that both files hold, of which fewer are refused.

    Raises:
        ConfigError: a map that names no file or no column, or fewer fields that both files hold.
    """
    whole = files
    maps, files = with_columns_kept(files, maps, ids)
    told = {*(text.partition("=")[2] for text in maps), *filter(None, ids)}
    headers = filled(engine, files[0], told), filled(engine, files[1], told)
    named = (None if ids[0] == "none" else ids[0], None if ids[1] == "none" else ids[1])

    def again(*found: str) -> Columns:
        return recognise(*headers, [*maps, *found], named, enough=False, by_number=False)

    columns = again()
    roles = named_by_role(engine, files, columns, told) + forenames_alone(engine, files, columns, told, again)
    roles += places_of_birth(engine, files, columns, told) + house_numbers(engine, files, columns, told)
    if roles:
        columns = again(*roles)
    asked = [_without_lines(file, of, told) for file, of in zip(files, (columns.left, columns.right), strict=True)]
    taken = taken_by_content(engine, asked, without_mere_numbers(engine, asked, columns, told))
    found = [*roles, *(text for column in taken for text in column.maps())]
    by_number = all(column.left == column.right for column in taken if is_mere_number(column.left))
    columns = recognise(*headers, [*maps, *found], named, enough=False, by_number=by_number)
    columns = names_of_things(engine, files, replace(columns, by_content=tuple(found)), told)
    _refuse_mere_addresses(columns, headers, files)
    columns = with_other_countries(engine, files, columns)
    columns = with_chains(engine, files, columns, told)
    columns = with_ids(engine, whole, columns, numbered=[name == "none" for name in ids], told=told)
    columns = without_copies(engine, files, without_idle(engine, files, columns))
    columns = with_addresses(engine, files, with_dwellings(engine, files, columns), told)
    columns = with_towns(engine, files, columns)
    columns = with_further_contacts(headers, with_birth_numbers(engine, files, columns), told)
    refuse_too_few(columns, *headers, whole=[file.header for file in files], fewest=fewest)
    return columns


def columns_of_one(engine: Engine, file: PersonFile, maps: Sequence[str] = (), id_column: str | None = None) -> Columns:
    """Fields and id of a file that is compared with itself: to `recognise`, which knows two, both are this one.

    Args:
        maps: "forename=PERNAME1": an analyst's word.
        id_column: where it is named; "none" numbers the rows.

    Raises:
        ConfigError: a map that names no column, or fewer than two fields.
    """
    both = of_one_file(maps, file.header, known_fields(), shown_names)
    both, (file, _) = with_columns_kept([file, file], both, [id_column, id_column])
    told = {*(text.partition("=")[2] for text in maps), *filter(None, [id_column])}
    header = filled(engine, file, told)
    named = None if id_column == "none" else id_column
    if named is not None and named not in file.header:
        raise ConfigError(f"--id: the file has no column '{named}'\n  it has: {shown_names(file.header)}")

    def again(*found: str) -> Columns:
        return recognise(header, header, [*both, *found], (named, named), enough=False, by_number=False)

    columns = again()
    roles = named_by_role(engine, [file], columns, told) + forenames_alone(engine, [file], columns, told, again)
    roles += places_of_birth(engine, [file], columns, told) + house_numbers(engine, [file], columns, told)
    if roles:
        columns = again(*roles)
    asked = [_without_lines(file, columns.left, told)] * 2
    # What no name tells is called alike in both, and asked for what it holds all the same.
    known = replace(columns, left=named_fields(columns.left), right=named_fields(columns.right))
    taken = [column for column in taken_by_content(engine, asked, known) if column.left == column.right]
    found = [*roles, *(text for column in taken for text in column.maps())]
    columns = recognise(header, header, [*both, *found], (named, named), enough=False)
    columns = names_of_things(engine, [file], columns, told)
    _refuse_mere_addresses(columns, [header], [file])
    columns = with_other_countries(engine, [file], columns)
    columns = with_addresses(engine, [file], with_dwellings(engine, [file], columns), told)
    refuse_too_few(columns, header, whole=[file.header])
    said = [text.removeprefix("left.") for text in found if text.startswith("left.")]
    return replace(columns, by_content=tuple(said))


def _refuse_mere_addresses(columns: Columns, headers: Sequence[Sequence[str]], files: Sequence[PersonFile]) -> None:
    """Refuse files of fewer than two fields before an address is parted, unless they have another one.

    One column of an address may hold street, town and postcode; but not the number of the house, which is left out, so
    that all houses of a street would be one.
    """
    if {*columns.fields} <= _OF_ADDRESSES:
        refuse_too_few(columns, *headers, whole=[file.header for file in files])


_OF_ADDRESSES = {*HOME} | {"street_number"}


def with_columns_kept(
    files: Sequence[PersonFile], maps: Sequence[str], ids: Sequence[str | None]
) -> tuple[list[str], list[PersonFile]]:
    """The maps that name a field; and the files without the columns that are not to be compared, but for an id."""
    headers = {side: file.header for side, file in zip(("left", "right"), files, strict=True)}
    rest, kept = without_left_out(maps, headers, known_fields(), shown_names)
    made = []
    for file, of_side, named in zip(files, kept.values(), ids, strict=True):
        held = {*of_side, named}
        made.append(replace(file, header=tuple(name for name in file.header if name in held)))
    return rest, made


def _without_lines(file: PersonFile, fields: Mapping[str, str], told: Collection[str]) -> PersonFile:
    """The file without the lines of an address, whose meaning shifts: the second is much like a column of towns."""
    lines = address_columns(file.header, fields, told)
    return replace(file, header=tuple(name for name in file.header if name not in lines)) if len(lines) > 1 else file
