"""Addresses that are written whole, in one column or in lines, parted into street, town and postcode.

Families share an address, and those who move lose it: compared as one text it says too much of the first, and of the
others not that they moved within their town. The number of a house is left out, since it tells nobody from his family;
of files that name neither persons nor firms it is kept, since it tells a house from the next one.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from linkage.adhoc.files.columns_made import beside, counted
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.adhoc.headers.recognise import Columns, known_fields
from linkage.adhoc.places.address_forms import (
    SHARE,
    Form,
    Pieces,
    beyond_in,
    ends_of,
    form_of,
    number,
    pieced,
    towns_in,
    unit,
    with_beyond,
    with_ends,
    words_of,
)
from linkage.adhoc.places.address_lines import as_one, as_parts, lines_in, lines_of
from linkage.adhoc.places.houses import HOUSES, houses_of, numbers, own_numbers, with_houses
from linkage.adhoc.word_columns import HOUSE_NUMBER
from linkage.engine import Engine, Table, literal, quote, rows

WITHIN = ("postcode", "town", "county")
"""Fields that an address may hold beside the street."""

_LOOKED_AT = 5_000  # addresses that show how all are written
_HOUSE = r"(?<!\w)\d{1,3}[a-zA-Z]?(?!\w)"
_HOUSE_AND_MORE = re.compile(rf"(?:[^\W\d_]{{2}}.*{_HOUSE}|^{_HOUSE}.*[^\W\d_]{{2}}).*[,\n].*[^\W\d_]{{2}}")
"""A number of a house, and behind a comma or in a further line a town: Via Roma 5, 20121 Milano."""
_ALL = 0.9  # share of addresses that end in one name: the country of them all, which tells nobody apart


@dataclass
class _Side:
    """A file with an address, and what stands in it."""

    file: PersonFile
    fields: Mapping[str, str]
    lines: Sequence[str]  # of the address; none where it has no address
    form: Form = field(default_factory=Form)
    texts: Sequence[str] = ()  # a sample of its addresses
    held: Sequence[Pieces] = ()  # the same in pieces
    holds: frozenset[str] = frozenset()  # fields that stand in the address

    @property
    def own(self) -> set[str]:
        """Fields of `WITHIN` that it has in columns of their own."""
        return {name for name in WITHIN if name in self.fields and self.fields[name] not in self.lines}


def with_dwellings(engine: Engine, files: Sequence[PersonFile], columns: Columns) -> Columns:
    """The columns, with that of where somebody lives as an address, where most of what it holds is more than a town.

    Residenza, Bopæl and Lakóhely are a town in one register, and a street with its house and the town in another.

    Args:
        files: two files, or one that is compared with itself.
        columns: as they were recognised.
    """
    sides = [dict(columns.left), dict(columns.right)]
    for file, fields in zip(files, sides, strict=False):
        if "town" in fields and "address" not in fields:
            values = counted(engine, file, fields["town"])
            whole = sum(rows for value, rows in values.items() if _HOUSE_AND_MORE.search(value))
            if whole > SHARE * sum(values.values()):
                fields["address"] = fields.pop("town")
    return replace(columns, left=sides[0], right=sides[len(files) - 1])


def with_addresses(
    engine: Engine, files: Sequence[PersonFile], columns: Columns, told: Collection[str | None] = ()
) -> Columns:
    """The columns, with the fields that stand within an address, and the lines of each address that is to be parted.

    Args:
        files: two files, or one that is compared with itself.
        columns: as they were recognised.
        told: columns that the analyst named: no line of them is joined to others.
    """
    fields, parts = [dict(columns.left), dict(columns.right)], [dict(columns.left_parts), dict(columns.right_parts)]
    used = [{*told, *parts[0].values(), columns.left_id}, {*told, *parts[1].values(), columns.right_id}]
    sides = [_Side(file, fields[n], address_columns(file.header, fields[n], used[n])) for n, file in enumerate(files)]
    _read(engine, sides)
    within = [_within(side, sides[here - 1]) for here, side in enumerate(sides)]
    for here, side in enumerate(sides):
        if side.lines and any(held is not None for held in within):  # a street alone loses its number too
            kept = {name: column for name, column in fields[here].items() if column not in side.lines}
            held = dict.fromkeys(["address", *(within[here] or ())], side.lines[0])
            fields[here], parts[here] = {**kept, **held}, {**parts[here], **as_parts(side.lines)}
    with_houses(engine, files, fields, parts)
    last = len(files) - 1
    return replace(columns, left=fields[0], right=fields[last], left_parts=parts[0], right_parts=parts[last])


def _within(side: _Side, other: _Side) -> list[str] | None:
    """The fields that stand in a file's address and that the other has too; None where there is nothing to part."""
    shared = [name for name in WITHIN if name in side.holds - side.own and name in other.own | other.holds]
    return shared if {"postcode", "town"} & side.holds and (shared or other.lines) else None


def address_columns(header: Sequence[str], fields: Mapping[str, str], used: Collection[str | None]) -> list[str]:
    """The columns of a file's address: several where it is written in lines, and no other column has the town.

    Args:
        header: the file's columns.
        used: those that are something else.
    """
    known = {fields[name] for name in known_fields() if name in fields and name not in ("address", "address_2")}
    lines = [] if "town" in fields else lines_of(header, {*used, *known})
    own = [fields["address"]] if "address" in fields else []
    return lines if set(own) <= set(lines) else own


def part_addresses(
    engine: Engine,
    files: Sequence[PersonFile],
    fields: Sequence[Mapping[str, str]],
    parts: Sequence[Mapping[str, str]],
) -> list[tuple[PersonFile, dict[str, str]]]:
    """Each file with a column for each part of an address that `with_addresses` found, and where its fields are now."""
    lines = [
        lines_in(of) or ([held["address"]] if "address" in held else []) for of, held in zip(parts, fields, strict=True)
    ]
    sides = [_Side(*side) for side in zip(files, fields, lines, strict=True)]
    if any(map(lines_in, parts)):
        _read(engine, sides)
    made = []
    for side, of in zip(sides, parts, strict=True):
        if not lines_in(of):
            made.append(_with_numbers(engine, (side.file, dict(side.fields)), side.fields.get("address"), of))
            continue
        held = ["address", *(name for name in WITHIN if side.fields.get(name) in side.lines)]
        held += [HOUSE_NUMBER] if HOUSES in of else []
        what = {name: f"{name} of {side.lines[0]}" for name in held}
        file, names = beside(engine, side.file, _parted(engine, side), what)
        whole = names.pop(HOUSE_NUMBER, None)
        made.append(_with_numbers(engine, (file, {**side.fields, **names}), whole, of))
    return made


def _with_numbers(
    engine: Engine, held: tuple[PersonFile, dict[str, str]], whole: str | None, parts: Mapping[str, str]
) -> tuple[PersonFile, dict[str, str]]:
    """A file with the numbers of its houses, where they are compared: those of the whole address and of own columns."""
    file, fields = held
    if HOUSES not in parts:
        return held
    file, column = houses_of(engine, file, [*own_numbers(fields, lines_in(parts)), *([whole] if whole else [])])
    return file, {**fields, HOUSE_NUMBER: column}


def _read(engine: Engine, sides: Sequence[_Side]) -> None:
    """How the addresses of each file are written, and what stands in them."""
    for side in sides:
        side.texts = _sample(engine, side) if side.lines else []
        if side.texts:
            side.form, side.held = form_of(engine, side.texts)
    if not any(side.form.postcode or any(len(pieces) > 1 for pieces in side.held) for side in sides):
        return
    own = [_words_of(counted(engine, s.file, s.fields["town"])) if "town" in s.own else None for s in sides]
    _tell_beyond(sides, own)
    towns = [_words_of(towns_in(side.form, side.held)) if side.held else None for side in sides]
    for here, side in enumerate(sides):
        known = own[here] or own[here - 1] or towns[here - 1]
        if known and side.held and 3 * towns_in(side.form, side.held).total() < 2 * len(side.held):
            side.form, side.held = with_ends(engine, side.form, side.texts, known)
    _tell_beyond(sides, own)
    for here, side in enumerate(sides):
        side.holds = _held(side, sides[here - 1], own[here] or own[here - 1])
    for side in sides:
        code = side.form.postcode if "postcode" in side.holds else None
        side.form = replace(side.form, postcode=code, has_town="town" in side.holds)


def _tell_beyond(sides: Sequence[_Side], own: Sequence[Collection[str] | None]) -> None:
    towns = frozenset[str]().union(*(names for names in own if names))
    forms = with_beyond([s.form for s in sides], [s.held for s in sides], lambda name: words_of(name) in towns)
    for side, form in zip(sides, forms, strict=True):
        side.form = form


def _held(side: _Side, other: _Side, towns: Collection[str] | None) -> frozenset[str]:
    """What stands in a file's addresses.

    Args:
        towns: words of the names of towns that a column has, where one does.
    """
    enough, found = SHARE * len(side.held), towns_in(side.form, side.held)
    # Where nothing but a street follows a number, the number is its house's.
    holds = {"postcode"} if side.form.postcode and not (side.form.code_first and found.total() <= enough) else set()
    if towns is None and other.held:
        towns = _words_of(towns_in(other.form, other.held))
    known = sum(rows for town, rows in found.items() if towns is None or words_of(town) in towns)
    if found.total() > enough and known > SHARE * found.total():
        holds.add("town")
    beyond = beyond_in(side.form, side.held)
    if beyond.total() > enough and max(beyond.values()) < _ALL * beyond.total():
        holds.add("county")
    return frozenset(holds)


def _sample(engine: Engine, side: _Side) -> list[str]:
    place, step = quote(PLACE), max(1, side.file.rows // _LOOKED_AT)
    found = engine.sql(
        f"""
        with texts as (select {as_one(side.lines)} as text from {{t}} where {place} % {step} = 0)
        select text from texts where trim(text, chr(10)) <> ''
        """,
        t=side.file.table,
    )
    return [str(row["text"]) for row in rows(engine, found)]


def _words_of(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(words_of, names))


# Of the pieces that are no town's and none beyond it, those with a number and a word are the street; where none is
# (Rose House, High Street), all of them.
_PARTED = """
    with names as (
        select coalesce(list(name) filter (is_town), []) as towns,
               coalesce(list(name) filter (not is_town), []) as beyond
        from {names}
    ),
    pieced as (
        PIECED
    ),
    told as (
        select *, list_transform(pieces, lambda p: list_contains(beyond, upper(p))) as is_beyond
        from pieced
        cross join names
    ),
    placed as (
        select *, pieces[len(pieces) - list_position(list_reverse(is_beyond), true) + 1] as county,
               list_position(
                   list_transform(
                       pieces,
                       lambda p, i: HAS_TOWN and len(pieces) > 1 and not is_beyond[i]
                                    and (not regexp_matches(p, '[0-9]') or list_contains(towns, upper(p)))
                   ),
                   true
               ) as town_at
        from told
    ),
    streets as (
        select *, pieces[town_at] as town,
               list_filter(pieces, lambda p, i: i is distinct from town_at and not is_beyond[i]) as others,
               list_filter(others, lambda p: regexp_matches(p, '[0-9]')) as numbered,
               list_filter(numbered, lambda p: not regexp_matches(p, IS_NO_STREET)) as street
        from placed
    ),
    joined as (
        select *, array_to_string(ORDER(case when street = [] then others else street end), ' ') as whole from streets
    ),
    parted as (
        select *, regexp_replace(regexp_replace(whole, UNIT_FIRST, '\\1'), UNIT_LAST, '') as of_house,
               regexp_replace(of_house, NUMBER_FIRST, '\\1') as after_number,
               case when after_number = of_house then regexp_replace(of_house, NUMBER_LAST, '\\1')
                    else after_number
               end as address
        from joined
    )
    """


def _parted(engine: Engine, side: _Side) -> Table:
    """A row for each of the file's, by PLACE: the street as `address`, and all of `WITHIN`; NULL where unknown."""
    form, place = side.form, quote(PLACE)
    names = pa.table(
        {
            "name": pa.array([*sorted(form.beyond), *sorted(form.numbered)], pa.string()),
            "is_town": pa.array([False] * len(form.beyond) + [True] * len(form.numbered), pa.bool_()),
        }
    )
    query, ordered = _PARTED, "" if form.town_first else "list_reverse"
    for word, text in {
        "HAS_TOWN": str(form.has_town).lower(),
        "IS_NO_STREET": literal(rf"(?i)^(?:{unit()}|{number()})$"),
        "ORDER": ordered,
        "UNIT_FIRST": literal(rf"(?i)^{unit()}[ ,/]+([0-9])"),
        "UNIT_LAST": literal(rf"(?i)[ ,/]+{unit()}$"),
        "NUMBER_FIRST": literal(rf"(?i)^{number()}[ ,/]+(\S)"),
        "NUMBER_LAST": literal(rf"(?i)(\S)[ ,/]+{number()}(?: [A-Z])?$"),
        # The last, since it names columns of the file, and these may be called anything.
        "PIECED": pieced(form, f"select {place} as place, {as_one(side.lines)} as text from {{t}}"),
    }.items():
        query = query.replace(word, text)
    return engine.sql(
        f"""
        {query}
        select place as {place}, nullif(trim(address), '') as address, nullif(code, '') as postcode, town, county,
               {numbers("array_to_string(" + ordered + "(others), ' ')")} as {HOUSE_NUMBER}
        from parted
        """,
        t=side.file.table,
        names=engine.from_arrow(names),
        ends=ends_of(engine, form),
        store=True,
    )
