"""Infer the schema of one person file, or of two: each column's role, and how its values are read.

This is the one place where that is decided: by what the user states, by headers, then by contents. Both files' samples
are looked at, so that each is read to what both know (a year of birth, the last digits of a telephone); what is decided
is written in the schema, and cleaners use nothing else.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from anyascii import anyascii

from linkage.errors import ConfigError, InputError
from linkage.files import contacts, sexes
from linkage.files.address import PARTS, AddressSide, holds_whole_addresses, infer_addresses
from linkage.files.ages import years_between
from linkage.files.cleaners import BIRTH_PARTS, as_two_letters, clean_rows, cleaners_of
from linkage.files.content_match import roles_by_content
from linkage.files.date_format import (
    PRECISIONS,
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
from linkage.files.header_names import NUMBERS, ROLES, address_lines, plain, roles_of, shown_names
from linkage.files.id_column import find_ids
from linkage.files.mapping import Stated
from linkage.files.profile import Profile
from linkage.files.schema import CONTENT, HEADER, OPTION, FileSchema
from linkage.files.vocabulary import vocabulary
from linkage.records.names import forenames

PERSONAL = frozenset({"forename", "surname", "dob", "age", "email", "phone", *NUMBERS})
"""Fields of which a file of persons has one at least."""
FIELDS = tuple(role for role in ROLES if role not in {"id", "surname_particle", "full_name", "initials", *BIRTH_PARTS})
"""Fields of records, in the order in which they are compared."""
_DERIVED = {"middle_names": "forename", "second_surname": "surname", "name_suffix": "surname"}
"""Field to the one whose column may hold it too, where the other file has a column of it."""
_SEVERAL_FORENAMES = 0.05  # share of rows in both files with more than one, from which the others are a field
_MOSTLY_INITIALS = 0.9  # share of forenames that are one letter, from which the others are slips
_ENOUGH_FIELDS = 3  # that tell persons apart without a birth date that cannot be read
_STANDARD_DEVIATIONS = 3.0  # by which one count must exceed another
_MIN_DATES = 0.5  # share of a column's values that must be dates
_WITH_NUMBERS, _WITHOUT = 0.5, 0.1  # shares of streets with the number of the house, in one file and in the other


def infer_schema(
    profiles: Sequence[Profile],
    stated: Sequence[Stated],
    ids: Sequence[str | None],
    date_formats: Mapping[str, str],
    keys: Callable[[Profile, Sequence[str]], Sequence[str]],
) -> list[FileSchema]:
    """The schema of each file.

    Args:
        profiles: of two files, or of one that is compared with itself.
        stated: what the user says of each.
        ids: the column of ids of each, "none" to number the rows, or None.
        date_formats: side to the strptime format that is stated.
        keys: of some columns of a file those that are known in every row and hold no value twice.

    Raises:
        ConfigError: fewer than two fields, or none of a person.
        InputError: a column was taken for a birth date and holds none, and there is little else to compare.
    """
    schemas = [_by_headers(profile, of) for profile, of in zip(profiles, stated, strict=True)]
    found = find_ids(profiles, schemas, [of.columns for of in stated], ids, keys)
    for schema, key in zip(schemas, found, strict=True):
        schema.id = key
        for role in [role for role, columns in schema.columns.items() if columns == (key,) and role not in NUMBERS]:
            schema.columns.pop(role)
    taken = [{*schema.used, *of.columns} for schema, of in zip(schemas, stated, strict=True)]
    for schema, roles in zip(
        schemas, roles_by_content(profiles, [schema.columns for schema in schemas], taken), strict=True
    ):
        schema.columns |= {role: tuple(columns) for role, columns in roles.items()}
        schema.evidence |= dict.fromkeys(roles, CONTENT)
    for profile, schema, of in zip(profiles, schemas, stated, strict=True):
        _settle(profile, schema, of)
        schema.columns |= {name: (column,) for name, column in of.compared.items()}
        schema.evidence |= dict.fromkeys(of.compared, OPTION)
        profile.find_missing(schema.columns)
        schema.learned["missing"] = profile.missing
    infer_settings(profiles, schemas, date_formats)
    _refuse_too_few(profiles, schemas)
    return schemas


def infer_settings(
    profiles: Sequence[Profile], schemas: Sequence[FileSchema], date_formats: Mapping[str, str] | None = None
) -> None:
    """How the values of each role are read, and which fields both files have."""
    _infer_addresses(profiles, schemas)
    shared = _shared_fields(schemas)
    _infer_names(profiles, schemas, shared)
    if "dob" in shared and not _infer_dates(profiles, schemas, date_formats or {}, len(shared) - 1):
        shared.remove("dob")
    _infer_ages(profiles, schemas, shared)
    _infer_codes(profiles, schemas, shared)
    _infer_call_names(profiles, schemas, shared)
    for schema in schemas:
        schema.fields = [name for name in (*FIELDS, *shared) if name in shared]
        schema.fields = list(dict.fromkeys(schema.fields))


def learn(profile: Profile, schema: FileSchema) -> None:
    """What readers learn from the file itself, for a schema that was read from TOML."""
    profile.find_missing(schema.columns)
    schema.learned["missing"] = profile.missing
    if "full_name" in schema.columns:
        values = profile.values(schema.columns["full_name"][0])
        schema.learned["full_names"] = FullNames.learn(values, schema.settings.get("full_name"))
    if schema.settings.get("address", {}).get("whole"):
        side = AddressSide(_address_texts(profile, schema.columns["address"]))
        infer_addresses([side])
        holds = frozenset(schema.settings["address"].get("holds", side.form.holds))
        schema.learned["address"] = replace(side.form, holds=holds)


def _by_headers(profile: Profile, stated: Stated) -> FileSchema:
    left_out = {*stated.left_out, *stated.compared.values()}
    headers = [name for name in profile.columns if name not in left_out]
    mapped = [column for columns in stated.roles.values() for column in columns if column not in headers]
    roles = roles_of([*headers, *mapped], stated.roles)
    evidence = {role: OPTION if role in stated.roles else HEADER for role in roles}
    return FileSchema(columns=roles, evidence=evidence)


def _settle(profile: Profile, schema: FileSchema, stated: Stated) -> None:
    """Settle roles that stand for one another: names in full or in parts, dates in one column or in three."""
    columns = schema.columns
    columns.pop("id", None)
    if "other_surname" in columns and not {"surname", "full_name"} & set(columns):
        columns["surname"] = columns.pop("other_surname")
    if "surname" in columns and not {"forename", "full_name", "initials"} & set(columns) and "middle_names" in columns:
        columns["forename"] = columns.pop("middle_names")
    if "full_name" in columns and {"forename", "surname"} <= set(columns) and "full_name" not in stated.roles:
        columns.pop("full_name")
    if "full_name" in columns:
        for role in ("forename", "surname", "initials", "surname_particle"):
            columns.pop(role, None)
    if "forename" in columns:
        columns.pop("initials", None)
    is_day = "dob" in columns and plain(columns["dob"][0]) in vocabulary()["field"]["birth_day"].get("ambiguous", ())
    if is_day and {"birth_year", "birth_month"} <= set(columns):
        columns["birth_day"] = columns.pop("dob")
    if "dob" in columns or "birth_year" not in columns:
        for role in BIRTH_PARTS:
            columns.pop(role, None)
    if "birth_day" in columns and "birth_month" not in columns:
        columns.pop("birth_day")
    if "town" in columns and "address" not in columns and holds_whole_addresses(profile.values(columns["town"][0])):
        columns["address"] = columns.pop("town")
    if "address" not in stated.roles:
        others = {column for role, of in columns.items() if role != "address" for column in of} | {schema.id or ""}
        lines = [] if "town" in columns else address_lines(profile.columns, others | stated.columns)
        if lines and {*columns.get("address", ())} <= {*lines}:
            columns["address"] = tuple(lines)
            schema.evidence.setdefault("address", HEADER)


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


def _shared_fields(schemas: Sequence[FileSchema]) -> list[str]:
    """The fields that both files have; a part of a name counts where one has a column of it, and the other the name."""
    own = [_own_fields(schema) for schema in schemas]
    either = set.union(*own)
    shared = set.intersection(*own)
    for part, whole in _DERIVED.items():
        if part in either and all(part in of or whole in of for of in own):
            shared.add(part)
    if "other_surname" in either and "surname" in shared:
        shared.add("other_surname")
    if all({"age", "dob"} & of for of in own) and "dob" not in shared:
        shared.add("age")
    if "dob" in shared:
        shared.discard("age")
    return [*(name for name in FIELDS if name in shared), *sorted(shared - set(FIELDS))]


def _infer_names(profiles: Sequence[Profile], schemas: Sequence[FileSchema], shared: list[str]) -> None:
    for profile, schema in zip(profiles, schemas, strict=True):
        if "full_name" in schema.columns:
            values = profile.values(schema.columns["full_name"][0])
            names = FullNames.learn(values, schema.settings.get("full_name"))
            schema.learned["full_names"] = names
            schema.settings["full_name"] = names.as_settings()
    _infer_letters(profiles, schemas)
    given = [_forenames_of(profile, schema) for profile, schema in zip(profiles, schemas, strict=True)]
    if "forename" in shared and "middle_names" not in shared:
        several = [_share(of, lambda value: bool(forenames(value)[1])) > _SEVERAL_FORENAMES for of in given]
        if all(several):
            shared.append("middle_names")
    if "name_suffix" in shared and not all(map(_has_suffixes, profiles, schemas)):
        shared.remove("name_suffix")
    for name in ("forename", "surname") if len(schemas) > 1 else ():
        if name in shared:
            found = [_are_initials(profile, schema, name) for profile, schema in zip(profiles, schemas, strict=True)]
            if any(found) and not all(found):
                for schema in schemas:
                    schema.settings.setdefault("name", {}).setdefault("initials", []).append(name)
                for part in ("middle_names",) if name == "forename" else ("second_surname", "other_surname"):
                    if part in shared:
                        shared.remove(part)


def _forenames_of(profile: Profile, schema: FileSchema) -> Counter[str]:
    """Forenames of the sample, those of full names too."""
    if "full_name" not in schema.columns:
        return profile.values(schema.columns["forename"][0]) if "forename" in schema.columns else Counter()
    names: FullNames = schema.learned["full_names"]
    found = Counter[str]()
    for value, rows in profile.values(schema.columns["full_name"][0]).items():
        if given := names.split(value)[0]:
            found[given] += rows
    return found


def _share(values: Mapping[str, int], fits: Callable[[str], bool]) -> float:
    return sum(rows for value, rows in values.items() if fits(value)) / max(sum(values.values()), 1)


def _has_suffixes(profile: Profile, schema: FileSchema) -> bool:
    own = "name_suffix" in schema.columns
    source = next(schema.columns[role] for role in ("name_suffix", "full_name", "surname") if role in schema.columns)
    return any(suffix_of(value, is_name=not own) for value in profile.values(source[0]))


def _are_initials(profile: Profile, schema: FileSchema, name: str) -> bool:
    """Whether nearly all names of a file are one letter, or begin with one: J, J. and J. P."""
    columns = schema.columns
    if "initials" in columns and not {name, "full_name"} & set(columns):
        return True
    values = _forenames_of(profile, schema) if name == "forename" else Counter[str]()
    if name == "surname" and "surname" in columns:
        values = profile.values(columns["surname"][0])
    short = _share(values, lambda value: len((value.replace(".", " ").split() or [""])[0]) == 1)
    return bool(values) and short >= _MOSTLY_INITIALS


def _infer_letters(profiles: Sequence[Profile], schemas: Sequence[FileSchema]) -> None:
    """Write ü as ue where the other file does: which of MULLER and MUELLER stands for Müller shows in its words."""
    words = [_name_words(profile, schema) for profile, schema in zip(profiles, schemas, strict=True)]
    for here, schema in enumerate(schemas):
        marked = [word for word in words[here] if as_two_letters(word) != word]
        others = {str(anyascii(word)).upper() for word in words[here - 1]}
        two = sum(str(anyascii(as_two_letters(word))).upper() in others for word in marked)
        one = sum(str(anyascii(word)).upper() in others for word in marked)
        if two > one:
            schema.settings.setdefault("name", {})["letters"] = "two"


def _name_words(profile: Profile, schema: FileSchema) -> set[str]:
    columns = [schema.columns[r][0] for r in ("full_name", "forename", "surname", "town") if r in schema.columns]
    return {word for column in columns for value in profile.values(column) for word in value.replace(",", " ").split()}


def _birth_values(profile: Profile, schema: FileSchema) -> Counter[str]:
    """Birth dates of the sample as they are written, made of year, month and day where these have columns."""
    if "dob" in schema.columns:
        return profile.values(schema.columns["dob"][0])
    columns = [schema.columns[role][0] for role in BIRTH_PARTS if role in schema.columns]
    return Counter(text for row in profile.combined(columns) if (text := composed(*row)))


def _infer_dates(
    profiles: Sequence[Profile], schemas: Sequence[FileSchema], stated: Mapping[str, str], others: int
) -> bool:
    """How birth dates are read, to the precision of the coarser file; whether they are."""
    values = [_birth_values(profile, schema) for profile, schema in zip(profiles, schemas, strict=True)]
    latest = latest_birth_year(values)
    formats = [infer_format(of, latest) for of in values]
    orders = [shows_order(of) for of in values]
    for here, order in enumerate(orders):
        if order is None and orders[here - 1] is not None:  # the other file shows what comes first
            month_first = dict.fromkeys([*formats[here].month_first, ""], bool(orders[here - 1]))
            formats[here] = replace(formats[here], month_first=month_first)
    precisions = []
    for here, (profile, schema, of) in enumerate(zip(profiles, schemas, values, strict=True)):
        if profile.file.side in stated:
            formats[here] = replace(formats[here], format=stated[profile.file.side])
        known = {text: rows for text, rows in of.items() if not says_nothing(text)}
        dates = Counter[str]()
        for text, rows in known.items():
            if date := read_date(text, formats[here]):
                dates[date] += rows
        if dates.total() < _MIN_DATES * sum(known.values()):
            if others >= _ENOUGH_FIELDS and profile.file.side not in stated:
                return _leave_out_dates(schemas, profile.file.name)
            raise _no_dates(profile, schema)
        days, january = defaults_of(dates)
        formats[here] = replace(formats[here], default_days=days, january_is_default=january)
        precisions.append(precision_of(dates))
    coarsest = min(precisions, key=lambda precision: PRECISIONS[precision])
    for schema, how in zip(schemas, formats, strict=True):
        schema.settings["dob"] = replace(how, precision=coarsest).as_settings()
    return True


def _leave_out_dates(schemas: Sequence[FileSchema], name: str) -> bool:
    for schema in schemas:
        schema.learned["notes"] = [
            f"{name}: birth dates are not compared: most are in no form that is read; state it with --date-format"
        ]
        for role in ("dob", *BIRTH_PARTS):
            schema.columns.pop(role, None)
    return False


def _no_dates(profile: Profile, schema: FileSchema) -> InputError:
    column = " ".join(schema.columns.get("dob", schema.columns.get("birth_year", ())))
    role = "dob" if profile.file.side == "file" else f"{profile.file.side}.dob"
    return InputError(
        f"{profile.file.path}: column '{column}' was taken for a birth date, but most of its values are no date\n"
        f"  state its format: --date-format %d/%m/%Y; or map another column: --map {role}=COLUMN"
    )


def _infer_ages(profiles: Sequence[Profile], schemas: Sequence[FileSchema], shared: list[str]) -> None:
    """Ages of files of different years, or a birth date next to an age: the years between, by namesakes."""
    if "age" not in shared or len(schemas) < 2:
        return
    own = ["age" in schema.columns for schema in schemas]
    for profile, schema in zip(profiles, schemas, strict=True):
        if "age" not in schema.columns:
            values = _birth_values(profile, schema)
            schema.settings["dob"] = asdict(infer_format(values, latest_birth_year([values])))
            schema.settings["dob"]["default_days"] = []
    records = [_named_years(profile, schema) for profile, schema in zip(profiles, schemas, strict=True)]
    apart = years_between(*records)
    if apart is None and not all(own):
        shared.remove("age")
        for schema in schemas:
            schema.learned["notes"] = ["an age and a birth date are not compared: no names show how far they are apart"]
        return
    to = 1 if own[0] else 0
    schemas[to].settings.setdefault("age", {})["add_years"] = (apart or 0) if own[0] else -(apart or 0)


def _named_years(profile: Profile, schema: FileSchema) -> list[tuple[str | None, str | None, int | None]]:
    """Forename, surname and years of the sample's records."""
    rows = _sample_of(profile, schema, ("forename", "surname", "age"))
    return [(forename, surname, int(years) if years else None) for forename, surname, years in rows]


def _sample_of(profile: Profile, schema: FileSchema, fields: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Fields of the sample's records, as they are read so far."""
    cleaners = cleaners_of(replace(schema, fields=list(fields)))
    return [*zip(*clean_rows(cleaners, profile.sample, fields).to_pydict().values(), strict=True)]


def _infer_call_names(profiles: Sequence[Profile], schemas: Sequence[FileSchema], shared: Sequence[str]) -> None:
    """Whether the last of several forenames is the one that the other file has: Nguyen Van Hung is called Hung.

    Records of both files that agree on surname and birth date (or a contact) show it.
    """
    telling = next((name for name in ("dob", "email", "phone", "postcode") if name in shared), None)
    if len(schemas) < 2 or not telling or "middle_names" in shared or not {"forename", "surname"} <= set(shared):
        return
    fields = ("surname", telling, "forename", "middle_names")
    rows = [_sample_of(profile, schema, fields) for profile, schema in zip(profiles, schemas, strict=True)]
    for here, schema in enumerate(schemas):
        others = {(surname, of): forename for surname, of, forename, _ in rows[here - 1] if surname and of}
        first = last = 0
        for surname, of, forename, further in rows[here]:
            if further and (other := others.get((str(surname), str(of)))):
                first += forename == other
                last += further.split()[-1] == other
        if last - first > _STANDARD_DEVIATIONS * math.sqrt(last + first):
            schema.settings.setdefault("name", {})["call_name"] = "last"


def _infer_codes(profiles: Sequence[Profile], schemas: Sequence[FileSchema], shared: Sequence[str]) -> None:
    """How sex, postcodes, telephones and numbers are read."""

    def values(role: str) -> list[Counter[str]]:
        return [
            sum((of.values(column) for column in schema.columns[role]), Counter())
            for of, schema in zip(profiles, schemas, strict=True)
        ]

    def put(role: str, settings: Sequence[dict[str, Any]]) -> None:
        for schema, of in zip(schemas, settings, strict=True):
            schema.settings[role] = of

    if "sex" in shared:
        columns = [schema.columns["sex"][0] for schema in schemas]
        put("sex", sexes.settings_of([*zip(values("sex"), columns, strict=True)]))
    if "postcode" in shared:
        codes = [_postcodes(profile, schema) for profile, schema in zip(profiles, schemas, strict=True)]
        put("postcode", contacts.infer_postcodes(codes[0], codes[1] if len(codes) > 1 else None) * (len(codes) == 1) or
            contacts.infer_postcodes(*codes))  # fmt: skip
    if "phone" in shared:
        fewest = max(1, min(map(contacts.infer_phone, values("phone"))))
        put("phone", [{"digits": fewest} for _ in schemas])
    for role in (role for role in NUMBERS if role in shared):
        numbers = values(role)
        settings = [contacts.infer_number(of) for of in numbers]
        if len(settings) > 1:
            lengths = (settings[0]["length"], settings[1]["length"])
            common = contacts.part_in_common(numbers[0], numbers[1], lengths)
            settings = [of | common for of in settings]
        put(role, settings)
    if "address" in shared and not any("address" in schema.learned for schema in schemas) and len(schemas) > 1:
        shares = [_share(of, lambda value: any(map(str.isdigit, value))) for of in values("address")]
        if max(shares) > _WITH_NUMBERS and min(shares) < _WITHOUT:
            put("address", [{"street_alone": True} for _ in schemas])


def _postcodes(profile: Profile, schema: FileSchema) -> Counter[str]:
    if "postcode" in schema.columns:
        return profile.values(schema.columns["postcode"][0])
    form = schema.learned["address"]
    texts = _address_texts(profile, schema.columns["address"])
    return Counter(code for text in texts if (code := form.split(text)["postcode"]))


def _infer_addresses(profiles: Sequence[Profile], schemas: Sequence[FileSchema]) -> None:
    """Find addresses that are written whole, and split them where the other file has what stands in them."""
    sides = []
    for profile, schema in zip(profiles, schemas, strict=True):
        columns = schema.columns.get("address", ())
        towns = profile.values(schema.columns["town"][0]) if "town" in schema.columns else None
        own = frozenset(name for name in PARTS[1:] if name in schema.columns)
        sides.append(AddressSide(_address_texts(profile, columns) if columns else [], own, towns))
    infer_addresses(sides)
    within = []
    for here, side in enumerate(sides):
        other = sides[here - 1]
        shared = {name for name in PARTS[1:] if name in side.form.holds - side.own}
        shared &= other.own | other.form.holds
        is_whole = bool({"postcode", "town"} & side.form.holds and (shared or other.texts))
        within.append(shared if is_whole else None)
    for schema, side, parts in zip(schemas, sides, within, strict=True):
        if side.texts and any(of is not None for of in within):
            schema.learned["address"] = replace(side.form, holds=frozenset(parts or ()))
            schema.settings["address"] = {"whole": True, "holds": sorted(parts or ())}
        elif len(schema.columns.get("address", ())) > 1:
            schema.columns["address"] = schema.columns["address"][:1]


def _address_texts(profile: Profile, columns: Sequence[str]) -> list[str]:
    texts = ("\n".join(part or "" for part in row) for row in profile.combined(columns))
    return [text for text in texts if text.strip()]


def _refuse_too_few(profiles: Sequence[Profile], schemas: Sequence[FileSchema]) -> None:
    fields = schemas[0].fields
    personal = PERSONAL.union(schemas[0].columns.keys() - {*ROLES})
    if len(fields) >= 2 and personal & set(fields):
        return
    one = len(profiles) == 1
    what = "the file has" if one else "the two files share"
    maps = "--map surname=COLUMN" if one else "--map left.surname=COLUMN --map right.surname=COLUMN"
    few = "fewer than two fields" if len(fields) < 2 else "no field that tells persons apart"
    has = "".join(f"  {'it' if one else of.file.side} has: {shown_names(of.file.columns)}\n" for of in profiles)
    remedy = f"state which columns hold identifiers: {maps}; to compare a further column: --compare COLUMN"
    if any(len(of.file.columns) == 1 for of in profiles):
        remedy = (
            "no separator was found in a file of one column: state it with --delimiter; a text of fixed widths or free "
            "text has to be split into columns first"
        )
    raise ConfigError(f"{what} {few} that can be compared\n{has}  {remedy}")
