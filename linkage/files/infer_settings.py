"""Infer how the values of each role are read, and which fields two files share.

Both files' samples are looked at, so that each is read to what both know (a year of birth, the last digits of a
telephone). What is inferred is written into the schema, and cleaners use nothing else.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from anyascii import anyascii

from linkage.errors import InputError
from linkage.files import codes
from linkage.files.address import PARTS, AddressSide, infer_addresses
from linkage.files.cleaners import as_two_letters, clean_rows, cleaners_of
from linkage.files.codes import share
from linkage.files.date_format import (
    PRECISIONS,
    DateFormat,
    composed,
    defaults_of,
    infer_format,
    latest_birth_year,
    precision_of,
    read_date,
    says_nothing,
    shows_order,
)
from linkage.files.full_names import FullNames, suffix_of
from linkage.files.header_names import BIRTH_PARTS, NUMBERS, ROLES
from linkage.files.profile import Profile
from linkage.files.schema import FileSchema
from linkage.records.names import forenames

FIELDS = tuple(role for role in ROLES if role not in {"id", "surname_particle", "full_name", "initials", *BIRTH_PARTS})
"""Fields of records, in the order in which they are compared."""
_DERIVED = {"middle_names": "forename", "second_surname": "surname", "name_suffix": "surname"}
"""Field to the one whose column may hold it too, where the other file has a column of it."""
_SEVERAL_FORENAMES = 0.05  # share of rows in both files with more than one, from which the others are a field
_MOSTLY_INITIALS = 0.9  # share of forenames that are one letter, from which the others are slips
_ENOUGH_FIELDS = 3  # fields that identify persons without a birth date that cannot be read
_STANDARD_DEVIATIONS = 3.0  # by which one count must exceed another
_MIN_DATES = 0.5  # share of a column's values that must be dates
_WITH_NUMBERS, _WITHOUT = 0.5, 0.1  # shares of streets with the number of the house, in one file and in the other

Side = tuple[Profile, FileSchema]


def infer_settings(profiles: Sequence[Profile], schemas: Sequence[FileSchema], date_formats: Mapping[str, str]) -> None:
    """Infer settings and fields of each schema.

    Args:
        date_formats: side to the strptime format that is stated.

    Raises:
        InputError: a column was taken for a birth date and holds none, and there is little else to compare.
    """
    sides = [*zip(profiles, schemas, strict=True)]
    _infer_addresses(sides)
    shared = _shared_fields(schemas)
    _infer_names(sides, shared)
    if "dob" in shared:
        _infer_dates(sides, shared, date_formats)
    if "age" in shared and len(sides) > 1:
        _infer_ages(sides, shared)
    _infer_codes(sides, shared)
    _infer_call_names(sides, shared)
    for schema in schemas:
        schema.fields = list(dict.fromkeys(name for name in (*FIELDS, *shared) if name in shared))


def _shared_fields(schemas: Sequence[FileSchema]) -> list[str]:
    """The fields that both files have; a part of a name counts where one has a column of it, and the other the name."""
    own = [_own_fields(schema) for schema in schemas]
    either, shared = set.union(*own), set.intersection(*own)
    for part, whole in _DERIVED.items():
        if part in either and all(part in of or whole in of for of in own):
            shared.add(part)
    if "other_surname" in either and "surname" in shared:
        shared.add("other_surname")
    if "dob" in shared:
        shared.discard("age")
    elif all({"age", "dob"} & of for of in own):
        shared.add("age")
    return [*(name for name in FIELDS if name in shared), *sorted(shared - set(FIELDS))]


def _own_fields(schema: FileSchema) -> set[str]:
    """The fields that a file's columns hold."""
    columns = set(schema.columns)
    fields = columns - {"full_name", "initials", "surname_particle", *BIRTH_PARTS}
    if "full_name" in columns or ("initials" in columns and not columns & {"forename", "surname"}):
        fields |= {"forename", "surname"}
    if "initials" in columns:
        fields.add("forename")
    if "birth_year" in columns:
        fields.add("dob")
    form = schema.learned.get("address")
    return fields | (form.holds if form else set())


def _infer_names(sides: Sequence[Side], shared: list[str]) -> None:
    for profile, schema in sides:
        if "full_name" in schema.columns:
            values = profile.values(schema.columns["full_name"][0])
            names = FullNames.learn(values, schema.settings.get("full_name"))
            schema.learned["full_names"] = names
            schema.settings["full_name"] = names.as_settings()
    _infer_letters(sides)
    given = [_forenames_of(*side) for side in sides]
    have_several = all(share(of, lambda value: forenames(value)[1]) > _SEVERAL_FORENAMES for of in given)
    if "forename" in shared and "middle_names" not in shared and have_several:
        shared.append("middle_names")
    if "name_suffix" in shared and not all(_has_suffixes(*side) for side in sides):
        shared.remove("name_suffix")
    parts = {"forename": ("middle_names",), "surname": ("second_surname", "other_surname")}
    for name in [name for name in parts if name in shared and len(sides) > 1]:
        are_initials = [_are_initials(*side, name) for side in sides]
        if any(are_initials) and not all(are_initials):
            for _, schema in sides:
                schema.settings.setdefault("name", {}).setdefault("initials", []).append(name)
            shared[:] = [field for field in shared if field not in parts[name]]


def _forenames_of(profile: Profile, schema: FileSchema) -> Counter[str]:
    """Forenames of the sample, those of full names too."""
    if "full_name" not in schema.columns:
        return profile.values(schema.columns["forename"][0]) if "forename" in schema.columns else Counter()
    found = Counter[str]()
    for value, rows in profile.values(schema.columns["full_name"][0]).items():
        if given := schema.learned["full_names"].split(value)[0]:
            found[given] += rows
    return found


def _has_suffixes(profile: Profile, schema: FileSchema) -> bool:
    source = next(role for role in ("name_suffix", "full_name", "surname") if role in schema.columns)
    values = profile.values(schema.columns[source][0])
    return any(suffix_of(value, is_name=source != "name_suffix") for value in values)


def _are_initials(profile: Profile, schema: FileSchema, name: str) -> bool:
    """Whether nearly all names of a file are one letter, or begin with one: J, J. and J. P."""
    columns = schema.columns
    if "initials" in columns and not {name, "full_name"} & set(columns):
        return True
    values = _forenames_of(profile, schema) if name == "forename" else profile.values(*columns.get("surname", ())[:1])
    return share(values, lambda text: len((text.replace(".", " ").split() or [""])[0]) == 1) >= _MOSTLY_INITIALS


def _infer_letters(sides: Sequence[Side]) -> None:
    """Write ü as ue where the other file does: which of MULLER and MUELLER stands for Müller shows in its words."""
    words = []
    for profile, schema in sides:
        columns = [schema.columns[r][0] for r in ("full_name", "forename", "surname", "town") if r in schema.columns]
        words.append({word for value in profile.values(*columns) for word in value.replace(",", " ").split()})
    for here, (_, schema) in enumerate(sides):
        marked = [word for word in words[here] if as_two_letters(word) != word]
        others = {str(anyascii(word)).upper() for word in words[here - 1]} if marked else set()
        two, one = (
            sum(str(anyascii(form(word))).upper() in others for word in marked) for form in (as_two_letters, str)
        )
        if two > one:
            schema.settings.setdefault("name", {})["letters"] = "two"


def _birth_values(profile: Profile, schema: FileSchema) -> Counter[str]:
    """Birth dates of the sample as they are written, made of year, month and day where these have columns."""
    if "dob" in schema.columns:
        return profile.values(schema.columns["dob"][0])
    columns = [schema.columns[role][0] for role in BIRTH_PARTS if role in schema.columns]
    return Counter(text for row in profile.combined(columns) if (text := composed(*row)))


def _infer_dates(sides: Sequence[Side], shared: list[str], stated: Mapping[str, str]) -> None:
    """How birth dates are read, to the precision of the coarser file; they are left out where most cannot be read."""
    values = [_birth_values(*side) for side in sides]
    latest = latest_birth_year(values)
    orders = [shows_order(of) for of in values]
    formats, precisions = list[DateFormat](), list[str]()
    for here, ((profile, schema), of) in enumerate(zip(sides, values, strict=True)):
        how = replace(infer_format(of, latest), format=stated.get(profile.file.side, ""))
        if orders[here] is None and orders[here - 1] is not None:  # the other file shows what comes first
            how = replace(how, month_first=dict.fromkeys([*how.month_first, ""], bool(orders[here - 1])))
        known, dates = {text: rows for text, rows in of.items() if not says_nothing(text)}, Counter[str]()
        for text, rows in known.items():
            if date := read_date(text, how):
                dates[date] += rows
        if dates.total() < _MIN_DATES * sum(known.values()):
            if how.format or len(shared) <= _ENOUGH_FIELDS:
                raise _no_dates(profile, schema)
            note = "birth dates are not compared: most are in no form that is read; state it with --date-format"
            for _, schema in sides:
                schema.learned["notes"] = [f"{profile.file.name}: {note}"]
                schema.columns = {role: c for role, c in schema.columns.items() if role not in ("dob", *BIRTH_PARTS)}
            shared.remove("dob")
            return
        days, january = defaults_of(dates)
        formats.append(replace(how, default_days=days, january_is_default=january))
        precisions.append(precision_of(dates))
    coarsest = min(precisions, key=lambda precision: PRECISIONS[precision])
    for (_, schema), how in zip(sides, formats, strict=True):
        schema.settings["dob"] = replace(how, precision=coarsest).as_settings()


def _no_dates(profile: Profile, schema: FileSchema) -> InputError:
    column = " ".join(schema.columns.get("dob", schema.columns.get("birth_year", ())))
    role = "dob" if profile.file.side == "file" else f"{profile.file.side}.dob"
    return InputError(
        f"{profile.file.path}: column '{column}' was taken for a birth date, but most of its values are no date\n"
        f"  state its format: --date-format %d/%m/%Y; or map another column: --map {role}=COLUMN"
    )


def _infer_ages(sides: Sequence[Side], shared: list[str]) -> None:
    """Ages of files of different years, or a birth date next to an age: the years between, by namesakes."""
    own = ["age" in schema.columns for _, schema in sides]
    for profile, schema in sides:
        if "age" not in schema.columns:
            values = _birth_values(profile, schema)
            schema.settings["dob"] = infer_format(values, latest_birth_year([values])).as_settings()
    samples = [_sample_of(*side, "forename", "surname", "age") for side in sides]
    records = [[(forename, surname, int(age) if age else None) for forename, surname, age in of] for of in samples]
    apart = codes.years_between(*records)
    if apart is None and not all(own):
        shared.remove("age")
        for _, schema in sides:
            schema.learned["notes"] = ["an age and a birth date are not compared: no names show how far they are apart"]
        return
    to, sign = (1, 1) if own[0] else (0, -1)
    sides[to][1].settings.setdefault("age", {})["add_years"] = sign * (apart or 0)


def _sample_of(profile: Profile, schema: FileSchema, *fields: str) -> list[tuple[str | None, ...]]:
    """Fields of the sample's records, as they are read so far."""
    cleaners = cleaners_of(replace(schema, fields=list(fields)))
    return [*zip(*clean_rows(cleaners, profile.sample, fields).to_pydict().values(), strict=True)]


def _infer_call_names(sides: Sequence[Side], shared: Sequence[str]) -> None:
    """Whether the last of several forenames is the one that the other file has: Nguyen Van Hung is called Hung.

    Records of both files that agree on surname and birth date (or a contact) show it.
    """
    key = next((name for name in ("dob", "email", "phone", "postcode") if name in shared), None)
    if len(sides) < 2 or not key or "middle_names" in shared or not {"forename", "surname"} <= set(shared):
        return
    rows = [_sample_of(*side, "surname", key, "forename", "middle_names") for side in sides]
    for here, (_, schema) in enumerate(sides):
        others = {(surname, of): forename for surname, of, forename, _ in rows[here - 1] if surname and of}
        first = last = 0
        for surname, of, forename, further in rows[here]:
            if further and (other := others.get((str(surname), str(of)))):
                first += forename == other
                last += further.split()[-1] == other
        if last - first > _STANDARD_DEVIATIONS * math.sqrt(last + first):
            schema.settings.setdefault("name", {})["call_name"] = "last"


def _infer_codes(sides: Sequence[Side], shared: Sequence[str]) -> None:
    """How sex, postcodes, telephones and numbers are read."""
    made: dict[str, Sequence[dict[str, Any]]] = {}

    def values(role: str) -> list[Counter[str]]:
        return [profile.values(*schema.columns[role]) for profile, schema in sides]

    if "sex" in shared:
        made["sex"] = codes.infer_sexes([(of.values(s.columns["sex"][0]), s.columns["sex"][0]) for of, s in sides])
    if "postcode" in shared:
        made["postcode"] = codes.infer_postcodes([_postcodes(*side) for side in sides])
    if "phone" in shared:
        made["phone"] = [{"digits": max(1, min(map(codes.infer_phones, values("phone"))))}] * len(sides)
    made |= {role: codes.infer_numbers(values(role)) for role in NUMBERS if role in shared}
    if "address" in shared and not any("address" in schema.learned for _, schema in sides) and len(sides) > 1:
        shares = [share(of, lambda value: any(map(str.isdigit, value))) for of in values("address")]
        if max(shares) > _WITH_NUMBERS and min(shares) < _WITHOUT:
            made["address"] = [{"street_alone": True}] * len(sides)
    for role, settings in made.items():
        for (_, schema), of in zip(sides, settings, strict=True):
            schema.settings[role] = dict(of)


def _postcodes(profile: Profile, schema: FileSchema) -> Counter[str]:
    if "postcode" in schema.columns:
        return profile.values(schema.columns["postcode"][0])
    form, texts = schema.learned["address"], _address_texts(profile, schema)
    return Counter(code for text in texts if (code := form.split(text)["postcode"]))


def _infer_addresses(sides: Sequence[Side]) -> None:
    """Find addresses that are written whole, and split them where the other file has what stands in them."""
    found = []
    for profile, schema in sides:
        towns = profile.values(schema.columns["town"][0]) if "town" in schema.columns else None
        own = frozenset(name for name in PARTS[1:] if name in schema.columns)
        found.append(AddressSide(_address_texts(profile, schema), own, towns))
    infer_addresses(found)
    within: list[set[str] | None] = []
    for here, side in enumerate(found):
        other = found[here - 1]
        shared = ({*PARTS[1:]} & side.form.holds - side.own) & (other.own | other.form.holds)
        is_whole = bool({"postcode", "town"} & side.form.holds and (shared or other.texts))
        within.append(shared if is_whole else None)
    for (_, schema), side, parts in zip(sides, found, within, strict=True):
        if side.texts and any(of is not None for of in within):
            schema.learned["address"] = replace(side.form, holds=frozenset(parts or ()))
            schema.settings["address"] = {"whole": True, "holds": sorted(parts or ())}
        elif "address" in schema.columns:
            schema.columns["address"] = schema.columns["address"][:1]


def learn_addresses(profile: Profile, schema: FileSchema) -> None:
    """How the addresses of a file are split, for a schema that was read from TOML."""
    side = AddressSide(_address_texts(profile, schema))
    infer_addresses([side])
    holds = frozenset(schema.settings["address"].get("holds", side.form.holds))
    schema.learned["address"] = replace(side.form, holds=holds)


def _address_texts(profile: Profile, schema: FileSchema) -> list[str]:
    columns = schema.columns.get("address", ())
    texts = ("\n".join(part or "" for part in row) for row in (profile.combined(columns) if columns else ()))
    return [text for text in texts if text.strip()]
