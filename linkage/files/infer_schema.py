"""Infer the schema of one person file, or of two: the role of each column, and how its
values are read.

This is the one place where that is decided: by what the user states, by headers, then
by the form of the values (e-mail, postcode, NINO, birth date). Where two columns have
the form, neither is taken: a question is better than a wrong guess. Both files' samples
are looked at, so that each is read to what both know (a year of birth, the last digits
of a telephone). Cleaners use nothing but the schema.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii

from linkage.errors import ConfigError, InputError
from linkage.files import codes, date_format
from linkage.files import header_names as headers
from linkage.files.address import (
    PARTS,
    AddressSide,
    holds_whole_addresses,
    infer_addresses,
)
from linkage.files.codes import FORMS, sex_frame
from linkage.files.date_format import latest_birth_year, read_dates
from linkage.files.distinct import Distinct, share_that_match
from linkage.files.full_names import FullNames
from linkage.files.header_names import BIRTH_PARTS, NUMBERS, ROLES
from linkage.files.profile import Profile
from linkage.files.readers import description_of
from linkage.files.schema import (
    CONTENT,
    HEADER,
    OPTION,
    FileSchema,
    Stated,
    refuse_unknown_column,
)
from linkage.files.vocabulary import vocabulary
from linkage.records.fields import read_in_python
from linkage.records.readers import as_two_letters

_NO_FIELDS = {
    "id",
    "surname_particle",
    "full_name",
    "initials",
    *BIRTH_PARTS,
}  # Roles of which fields are made
FIELDS = tuple(role for role in ROLES if role not in _NO_FIELDS)
"""Fields of records, in the order in which they are compared."""
NUMBERED = "none"  # What --id says where the rows are to be numbered
PERSONAL = frozenset({"forename", "surname", "dob", "age", "email", "phone", *NUMBERS})
"""Fields of which a file of persons has one at least."""
_DERIVED = {"middle_names": "forename", "second_surname": "surname"}
"""Field to the one whose column may hold it too, where the other file has a column of
it.
"""
# share of rows in both files with more than one, from which the others are a field
_SEVERAL_FORENAMES = 0.05
_MOSTLY_INITIALS = (
    0.9  # share of forenames that are one letter, from which the others are slips
)
_ENOUGH_FIELDS = (
    3  # fields that identify persons without a birth date that cannot be read
)
_NAMES = 2_000
"""Names of a sample that show which parts of names a file has: a share of 5 % to within
1 %.
"""
_ADDRESSES = 2_000  # of a sample, that show how they are written
_STANDARD_DEVIATIONS = 3.0  # by which one count must exceed another
_MIN_DATES = 0.5  # share of a column's values that must be dates
_WITH_NUMBERS, _WITHOUT = (
    0.5,
    0.1,
)  # shares of streets with the number of the house, in one file and in the other
_CODE = r"^[A-Za-z]*[-_/]?[A-Za-z]*[0-9][A-Za-z0-9]*([-_/][A-Za-z0-9]+)*$"
_SHORT_CODE = 3  # signs that quantities have as well
_MOST_DIGITS = 18  # of a number in a series: any of them fits into 64 bits
_DATE = r"^\d{1,4}[-/]\d{1,2}[-/]\d{1,4}$"
_MIN_FORM_SHARE = 0.9  # of values have the form of a role
_SHORTEST_DATE = 6  # signs: 5.3.90
_MIN_BIRTH_YEARS = 15  # years that dates must span, or they are of events
_MIN_VALUES = 20  # distinct ones, or a column is a category

Side = tuple[Profile, FileSchema]
Keys = Callable[[Profile, Sequence[str]], Iterator[str]]
"""Of some columns of a file those that are known in every row and hold no value twice,
by all of its rows.
"""


def infer_schema(
    profiles: Sequence[Profile],
    stated: Sequence[Stated],
    ids: Sequence[str | None],
    date_formats: Mapping[str, str],
    keys: Keys,
) -> list[FileSchema]:
    """The schema of each file.

    Args:
        profiles: of two files, or of one that is compared with itself.
        stated: what the user says of each.
        ids: the column of ids of each, NUMBERED to number the rows, or None.
        date_formats: side to the strptime format that is stated.

    Raises:
        ConfigError: fewer than two fields, or none of a person; a stated id that is no
            column.
        InputError: a column was taken for a birth date and holds none, and there is
            little else to compare.
    """
    schemas = [
        _by_headers(profile, statement)
        for profile, statement in zip(profiles, stated, strict=True)
    ]
    _find_ids(profiles, schemas, stated, ids, keys)
    used_columns = [
        {*schema.used, *statement.columns}
        for schema, statement in zip(schemas, stated, strict=True)
    ]
    for schema, roles in zip(
        schemas, _by_contents(profiles, schemas, used_columns), strict=True
    ):
        schema.columns |= {role: (column,) for role, column in roles.items()}
        schema.evidence |= dict.fromkeys(roles, CONTENT)
    for profile, schema, statement in zip(profiles, schemas, stated, strict=True):
        _settle(profile, schema, statement)
        schema.columns |= {
            name: (column,) for name, column in statement.compared.items()
        }
        schema.evidence |= dict.fromkeys(statement.compared, OPTION)
        _find_missing(profile, schema)
    _infer_settings([*zip(profiles, schemas, strict=True)], date_formats)
    fields = {*schemas[0].fields}
    if len(fields) < 2 or not fields & PERSONAL.union(
        schemas[0].columns.keys() - {*ROLES}
    ):
        raise _too_few(profiles, len(fields))
    return schemas


def learn(profile: Profile, schema: FileSchema) -> None:
    """What readers learn from the file itself, for a schema that was read from TOML."""
    _find_missing(profile, schema)
    _learn_names(profile, schema)
    if schema.settings.get("address", {}).get("whole"):
        side = AddressSide(_address_texts(profile, schema))
        infer_addresses([side])
        holds = frozenset(schema.settings["address"].get("holds", side.form.holds))
        schema.learned["address"] = replace(side.form, holds=holds)


def _find_missing(profile: Profile, schema: FileSchema) -> None:
    profile.find_missing(schema.columns)
    schema.learned["missing"] = profile.missing


def _learn_names(profile: Profile, schema: FileSchema) -> None:
    if "full_name" in schema.columns:
        names = FullNames.learn(
            profile.values(schema.columns["full_name"][0]),
            schema.settings.get("full_name"),
        )
        schema.learned["full_names"], schema.settings["full_name"] = (
            names,
            {"surname_first": names.surname_first},
        )


def _by_headers(profile: Profile, statement: Stated) -> FileSchema:
    left_out = {*statement.left_out, *statement.compared.values()}
    names = [name for name in profile.columns if name not in left_out]
    mapped_columns = [
        column
        for columns in statement.roles.values()
        for column in columns
        if column not in names
    ]
    roles = headers.roles_of([*names, *mapped_columns], statement.roles)
    return FileSchema(
        columns=roles,
        evidence={
            role: OPTION if role in statement.roles else HEADER for role in roles
        },
    )


def _find_ids(
    profiles: Sequence[Profile],
    schemas: Sequence[FileSchema],
    statements: Sequence[Stated],
    ids: Sequence[str | None],
    keys: Keys,
) -> None:
    """Note each file's column of ids: the one that is stated, or is called like a key
    and is one; else rows are numbered.
    """
    for profile, schema, statement, key in zip(
        profiles, schemas, statements, ids, strict=True
    ):
        if key and key != NUMBERED:
            refuse_unknown_column("--id", key, profile.file.side, profile.file.columns)
        is_stated = schema.evidence.get("id") == OPTION
        column = schema.columns["id"][0] if is_stated else None
        candidates = _keys_to_ask(profile, schema, statement.columns)
        schema.id = key or column or next(keys(profile, candidates), None)
    for number, (profile, schema) in enumerate(zip(profiles, schemas, strict=True)):
        # What is one file's id may be the other's under the same name.
        other = schemas[number - 1].id
        if not schema.id and other and other in profile.columns:
            schema.id = next(keys(profile, [other]), None)
    for schema in schemas:
        schema.id = None if schema.id == NUMBERED else schema.id
        schema.columns = {
            r: names
            for r, names in schema.columns.items()
            if names != (schema.id,) or r in NUMBERS
        }


def _keys_to_ask(
    profile: Profile, schema: FileSchema, stated_columns: Collection[str]
) -> list[str]:
    """Columns that may be the key, the likeliest first; unique in the sample."""
    roles = {
        column
        for role, names in schema.columns.items()
        if role != "id"
        for column in names
    } | {*stated_columns}
    columns = profile.sample.column_names
    others = [name for name in columns if name not in roles]
    key_like_names = [name for name in others if headers.is_called_like_a_key(name)]
    coded = [
        name
        for name in (columns[0], columns[-1])
        if name in others and _are_codes(profile.values(name))
    ]
    numbers = [schema.columns[role][0] for role in NUMBERS if role in schema.columns]
    candidates = dict.fromkeys(
        [*schema.columns.get("id", ()), *key_like_names, *coded, *numbers]
    )
    return [
        n
        for n in candidates
        if n in columns
        and len(tally := profile.values(n)) == tally.total() == profile.rows
    ]


def _are_codes(values: Counter[str]) -> bool:
    """Whether all values are codes with a digit, and no dates or quantities of several
    lengths.
    """
    distinct = Distinct.of(values)
    are_codes = pc.and_not(distinct.matches(_CODE), distinct.matches(_DATE))
    if not pc.all(are_codes, min_count=0).as_py():
        return False
    lengths = pc.unique(pc.utf8_length(distinct.values)).to_pylist()
    if len(lengths) == 1 and lengths[0] > _SHORT_CODE:
        return True
    before = pc.replace_substring_regex(distinct.values, "(?s)[0-9].*", "")
    prefixes = pc.unique(before).to_pylist()
    if len(prefixes) == 1 and prefixes != [""]:
        return True
    return _is_series(distinct.values)


def _is_series(values: pa.Array) -> bool:
    """Whether values are numbers without a gap."""
    is_number = pc.match_substring_regex(values, rf"^[0-9]{{1,{_MOST_DIGITS}}}$")
    if not len(values) or not pc.all(is_number).as_py():
        return False
    numbers = pc.unique(values.cast(pa.int64()))
    ends = pc.min_max(numbers).as_py()
    is_whole = len(numbers) == len(values)
    return is_whole and ends["max"] - ends["min"] + 1 == len(numbers)


def _by_contents(
    profiles: Sequence[Profile],
    schemas: Sequence[FileSchema],
    used_columns: Sequence[set[str]],
) -> list[dict[str, str]]:
    """Of each file, further roles to the column that its values show; `taken` are
    columns that are something else.
    """
    values_of = [
        {
            c: of.values(c)
            for c in of.columns
            if c not in names and not headers.is_another_persons(c) and of.values(c)
        }
        for of, names in zip(profiles, used_columns, strict=True)
    ]
    forms = [
        {
            column: role
            for column, values in of.items()
            if (role := _form_of(column, values))
        }
        for of in values_of
    ]
    roles: list[dict[str, str]] = []
    for number, schema in enumerate(schemas):
        other = schemas[number - 1].columns if len(profiles) > 1 else {}
        counts = Counter(forms[number].values())
        missing = {*other, *forms[number - 1].values()} - {*schema.columns}
        roles.append(
            {
                role: column
                for column, role in forms[number].items()
                if role in missing and counts[role] == 1
            }
        )
    return roles


def _form_of(column: str, values: Counter[str]) -> str | None:
    """The role whose form a column's values have."""
    for role, form in FORMS.items():
        if share_that_match(values, form) >= _MIN_FORM_SHARE:
            return role
    frame = sex_frame(values, column) if len(values) <= 4 else None
    if frame and not any(map(str.isdigit, "".join(frame))):
        return "sex"
    return "dob" if _are_birth_dates(values) else None


def _are_birth_dates(values: Counter[str]) -> bool:
    """Whether nearly all values are whole dates, of more years than events have."""
    if len(values) < _MIN_VALUES or share_that_match(values, r"\p{Nd}") < 1:
        return False
    form = date_format.infer_format(values, latest_birth_year([values]))
    long_values = {
        value: rows for value, rows in values.items() if len(value) >= _SHORTEST_DATE
    }
    whole_dates = {
        date: rows
        for date, rows in read_dates(long_values, form).items()
        if not date.endswith("-00")
    }
    undated = values.total() - sum(whole_dates.values())
    if undated > (1 - _MIN_FORM_SHARE) * values.total():
        return False
    years = {int(date[:4]) for date in whole_dates}
    return max(years) - min(years) >= _MIN_BIRTH_YEARS


def _settle(profile: Profile, schema: FileSchema, statement: Stated) -> None:
    """Settle roles that stand for one another: names in full or in parts, dates in one
    column or in three.
    """
    columns = schema.columns
    columns.pop("id", None)
    if "other_surname" in columns and not {"surname", "full_name"} & set(columns):
        columns["surname"] = columns.pop("other_surname")
    if (
        "surname" in columns
        and not {"forename", "full_name", "initials"} & set(columns)
        and "middle_names" in columns
    ):
        columns["forename"] = columns.pop("middle_names")
    if (
        "full_name" in columns
        and {"forename", "surname"} <= set(columns)
        and "full_name" not in statement.roles
    ):
        columns.pop("full_name")
    replaced_roles = (
        ["forename", "surname", "initials", "surname_particle"]
        if "full_name" in columns
        else []
    )
    days = vocabulary()["field"]["birth_day"].get("ambiguous", ())
    if {"dob", "birth_year", "birth_month"} <= set(columns) and headers.plain(
        columns["dob"][0]
    ) in days:
        columns["birth_day"] = columns.pop("dob")
    if "dob" in columns or "birth_year" not in columns:
        replaced_roles += BIRTH_PARTS
    elif "birth_month" not in columns:
        replaced_roles += ["birth_day"]
    for role in [*replaced_roles, *(["initials"] if "forename" in columns else [])]:
        columns.pop(role, None)
    if (
        "town" in columns
        and "address" not in columns
        and holds_whole_addresses(profile.values(columns["town"][0]))
    ):
        columns["address"] = columns.pop("town")
    if "address" not in statement.roles:
        others = {
            column for role, of in columns.items() if role != "address" for column in of
        } | {schema.id or ""}
        lines = (
            []
            if "town" in columns
            else headers.address_lines(profile.columns, others | statement.columns)
        )
        if lines and {*columns.get("address", ())} <= {*lines}:
            columns["address"] = tuple(lines)
            schema.evidence.setdefault("address", HEADER)


def _too_few(profiles: Sequence[Profile], fields: int) -> ConfigError:
    one = len(profiles) == 1
    subject = "the file has" if one else "the two files share"
    maps = (
        "--map surname=COLUMN"
        if one
        else "--map left.surname=COLUMN --map right.surname=COLUMN"
    )
    complaint = (
        "fewer than two fields" if fields < 2 else "no field that identifies a person"
    )
    text = "".join(
        f"  {'it' if one else p.file.side} has: {headers.shown_names(p.file.columns)}\n"
        for p in profiles
    )
    remedy = (
        f"state which columns hold identifiers: {maps}; to compare a further "
        "column: --compare COLUMN"
    )
    if any(len(p.file.columns) == 1 for p in profiles):
        remedy = (
            "no separator was found in a file of one column: state it with "
            "--delimiter, or split its text first"
        )
    return ConfigError(f"{subject} {complaint} that can be compared\n{text}  {remedy}")


def _infer_settings(sides: Sequence[Side], date_formats: Mapping[str, str]) -> None:
    """Infer how values are read, and the fields, of each schema; `date_formats` are
    side to the one that is stated.
    """
    _infer_addresses(sides)
    fields = _shared_fields([schema for _, schema in sides])
    _infer_names(sides, fields)
    if "dob" in fields:
        _infer_dates(sides, fields, date_formats)
    if "age" in fields and len(sides) > 1:
        _infer_ages(sides, fields)
    _infer_codes(sides, fields)
    _infer_call_names(sides, fields)
    for _, schema in sides:
        schema.fields = list(
            dict.fromkeys(name for name in (*FIELDS, *fields) if name in fields)
        )


def _shared_fields(schemas: Sequence[FileSchema]) -> list[str]:
    """The fields that both files have; a part of a name counts where one has a column
    of it, and the other the name.
    """
    by_file = []
    for schema in schemas:
        columns, form = set(schema.columns), schema.learned.get("address")
        fields = columns - _NO_FIELDS | (form.holds if form else set())
        sources = {
            "forename": {"full_name", "initials"},
            "surname": {"full_name"},
            "dob": {"birth_year"},
        }
        fields |= {name for name, roles in sources.items() if roles & columns}
        by_file.append(fields)
    union, names = set.union(*by_file), set.intersection(*by_file)
    names |= {
        part
        for part, whole in _DERIVED.items()
        if part in union and all({part, whole} & row for row in by_file)
    }
    names |= {"other_surname"} & union if "surname" in names else set()
    if "dob" in names:
        names.discard("age")
    elif all({"age", "dob"} & row for row in by_file):
        names.add("age")
    return [*(name for name in FIELDS if name in names), *sorted(names - set(FIELDS))]


def _sample_of(profile: Profile, schema: FileSchema, *fields: str) -> list[list[Any]]:
    """Fields of the sample's records, each a list, as they are read so far."""
    sample = read_in_python(description_of(schema, fields), profile.sample)
    return [*sample.to_pydict().values()]


def _infer_names(sides: Sequence[Side], fields: list[str]) -> None:
    """How names are split, and which parts of them both files have."""
    for side in sides:
        _learn_names(*side)
    _infer_letters(sides)
    forenames, middle_names, surnames = [], [], []
    for profile, schema in sides:
        sample = _sample_of(
            profile.thinned(_NAMES), schema, "forename", "middle_names", "surname"
        )
        forenames.append([name for name in sample[0] if name])
        middle_names.append([name for name in sample[1] if name])
        surnames.append([name for name in sample[2] if name])
    has_several = [
        len(middle) > _SEVERAL_FORENAMES * len(first)
        for first, middle in zip(forenames, middle_names, strict=True)
    ]
    if "forename" in fields and "middle_names" not in fields and all(has_several):
        fields.append("middle_names")
    if len(sides) > 1:
        _infer_initials(sides, fields, "forename", forenames)
        _infer_initials(sides, fields, "surname", surnames)


_PARTS_OF_NAMES = {
    "forename": ("middle_names",),
    "surname": ("second_surname", "other_surname"),
}
"""A name to the fields of which nothing is compared where a file has its initials."""


def _infer_initials(
    sides: Sequence[Side], fields: list[str], name: str, names: Sequence[Sequence[str]]
) -> None:
    """Compare initials of a name where one of two files has no more.

    Args:
        names: those of the sample of each file.
    """
    if name not in fields:
        return
    are_initials = []
    for (_, schema), known in zip(sides, names, strict=True):
        has_names = bool({name, "full_name"} & {*schema.columns})
        initials = sum(len(value) == 1 for value in known)
        are_initials.append(
            ("initials" in schema.columns and not has_names)
            or initials >= _MOSTLY_INITIALS * max(len(known), 1)
        )
    if any(are_initials) and not all(are_initials):
        for _, schema in sides:
            name_settings = schema.settings.setdefault("name", {})
            name_settings.setdefault("initials", []).append(name)
        fields[:] = [field for field in fields if field not in _PARTS_OF_NAMES[name]]


def _infer_letters(sides: Sequence[Side]) -> None:
    """Write ü as ue where the other file does: which of MULLER and MUELLER stands for
    Müller shows in its words.
    """
    words = []
    for profile, schema in sides:
        columns = [
            schema.columns[r][0]
            for r in ("full_name", "forename", "surname", "town")
            if r in schema.columns
        ]
        words.append(
            {
                word
                for value in profile.values(*columns)
                for word in value.replace(",", " ").split()
            }
        )
    for number, (_, schema) in enumerate(sides):
        rest = [word for word in words[number] if as_two_letters(word) != word]
        others = (
            {str(anyascii(word)).upper() for word in words[number - 1]}
            if rest
            else set()
        )
        two, one = (
            sum(str(anyascii(form(word))).upper() in others for word in rest)
            for form in (as_two_letters, str)
        )
        if two > one:
            schema.settings.setdefault("name", {})["letters"] = "two"


def _birth_values(profile: Profile, schema: FileSchema) -> Counter[str]:
    """Birth dates of the sample as they are written, made of year, month and day where
    these have columns.
    """
    if "dob" in schema.columns:
        return profile.values(schema.columns["dob"][0])
    columns = [
        schema.columns[role][0] for role in BIRTH_PARTS if role in schema.columns
    ]
    return Counter(
        text
        for row in profile.combined(columns)
        if (text := date_format.composed(*row))
    )


def _infer_dates(
    sides: Sequence[Side], fields: list[str], date_formats: Mapping[str, str]
) -> None:
    """How birth dates are read, to the precision of the coarser file; they are left out
    where most cannot be read.
    """
    values = [_birth_values(*side) for side in sides]
    latest, orders = (
        latest_birth_year(values),
        [date_format.shows_order(counts) for counts in values],
    )
    formats, precisions = list[date_format.DateFormat](), list[str]()
    for number, ((profile, schema), counts) in enumerate(
        zip(sides, values, strict=True)
    ):
        form = replace(
            date_format.infer_format(counts, latest),
            format=date_formats.get(profile.file.side, ""),
        )
        if (
            orders[number] is None and orders[number - 1] is not None
        ):  # the other file shows what comes first
            form = replace(
                form,
                month_first=dict.fromkeys(
                    [*form.month_first, ""], bool(orders[number - 1])
                ),
            )
        dates = read_dates(counts, form)
        known = sum(
            rows for text, rows in counts.items() if not date_format.says_nothing(text)
        )
        if dates.total() < _MIN_DATES * known:
            if form.format or len(fields) <= _ENOUGH_FIELDS:
                column = " ".join(
                    schema.columns.get("dob", schema.columns.get("birth_year", ()))
                )
                role = (
                    "dob" if profile.file.side == "file" else f"{profile.file.side}.dob"
                )
                raise InputError(
                    f"{profile.file.path}: column '{column}' was taken for a birth "
                    "date, but most of its values are no "
                    "date\n  state its format: --date-format %d/%m/%Y; or map another "
                    f"column: --map {role}=COLUMN"
                )
            note = (
                "birth dates are not compared: most are in no form that is read; "
                "state it with --date-format"
            )
            for _, schema in sides:
                schema.learned["notes"] = [f"{profile.file.name}: {note}"]
                schema.columns = {
                    role: c
                    for role, c in schema.columns.items()
                    if role not in ("dob", *BIRTH_PARTS)
                }
            fields.remove("dob")
            return
        days, january = date_format.defaults_of(dates)
        formats.append(replace(form, default_days=days, january_is_default=january))
        precisions.append(date_format.precision_of(dates))
    coarsest = min(precisions, key=lambda precision: date_format.PRECISIONS[precision])
    for (_, schema), form in zip(sides, formats, strict=True):
        schema.settings["dob"] = asdict(replace(form, precision=coarsest))


def _infer_ages(sides: Sequence[Side], fields: list[str]) -> None:
    """Ages of files of different years, or a birth date next to an age: the years
    between, by namesakes.
    """
    with_ages = ["age" in schema.columns for _, schema in sides]
    for (profile, schema), has_ages in zip(sides, with_ages, strict=True):
        if not has_ages:
            values = _birth_values(profile, schema)
            schema.settings["dob"] = asdict(
                date_format.infer_format(values, latest_birth_year([values]))
            )
    samples = [
        zip(*_sample_of(*side, "forename", "surname", "age"), strict=True)
        for side in sides
    ]
    years = codes.years_between(
        *(
            [(*names, int(age) if age else None) for *names, age in rows]
            for rows in samples
        )
    )
    if years is None and not all(with_ages):
        fields.remove("age")
        for _, schema in sides:
            schema.learned["notes"] = [
                "an age and a birth date are not compared: no names show how far they "
                "are apart"
            ]
        return
    target, sign = (1, 1) if with_ages[0] else (0, -1)
    sides[target][1].settings.setdefault("age", {})["add_years"] = sign * (years or 0)


def _infer_call_names(sides: Sequence[Side], fields: Sequence[str]) -> None:
    """Whether the last of several forenames is the other file's, of records that agree:
    Nguyen Van Hung is Hung.
    """
    keys = [name for name in ("dob", "email", "phone", "postcode") if name in fields]
    is_told = "middle_names" in fields or not {"forename", "surname"} <= set(fields)
    if len(sides) < 2 or not keys or is_told:
        return
    key = keys[0]
    for number, (profile, schema) in enumerate(sides):
        other, other_schema = sides[number - 1]
        # Where the other file is known whole, a few records find theirs.
        some = profile.thinned(_NAMES) if other.is_whole else profile
        (middle_names,) = _sample_of(some, schema, "middle_names")
        some = some.where(map(bool, middle_names))
        if not some.rows:
            continue
        (shown_keys,) = map(frozenset, _sample_of(some, schema, key))
        (other_keys,) = _sample_of(other, other_schema, key)
        other = other.where(value in shown_keys for value in other_keys)
        forename_of = {
            (surname, value): forename
            for surname, value, forename in zip(
                *_sample_of(other, other_schema, "surname", key, "forename"),
                strict=True,
            )
            if surname and value
        }
        first = last = 0
        for surname, value, forename, middle in zip(
            *_sample_of(some, schema, "surname", key, "forename", "middle_names"),
            strict=True,
        ):
            if name := forename_of.get((surname, value)):
                first += forename == name
                last += middle.split()[-1] == name
        if last - first > _STANDARD_DEVIATIONS * math.sqrt(last + first):
            schema.settings.setdefault("name", {})["call_name"] = "last"


def _infer_codes(sides: Sequence[Side], fields: Sequence[str]) -> None:
    """How sex, postcodes, telephones and numbers are read."""

    def values(role: str) -> list[Counter[str]]:
        return [
            profile.values(*schema.columns[role])
            for profile, schema in sides
            if role in schema.columns
        ]

    settings: dict[str, Sequence[dict[str, Any]]] = {}
    settings |= {
        role: codes.infer_numbers(values(role)) for role in NUMBERS if role in fields
    }
    if "sex" in fields:
        settings["sex"] = codes.infer_sexes(
            [(p.values(s.columns["sex"][0]), s.columns["sex"][0]) for p, s in sides]
        )
    if "postcode" in fields:
        settings["postcode"] = codes.infer_postcodes(
            [_postcodes(*side) for side in sides]
        )
    if (
        "address" in fields
        and not any("address" in schema.learned for _, schema in sides)
        and len(sides) > 1
    ):
        shares = [share_that_match(counts, r"\p{Nd}") for counts in values("address")]
        if max(shares) > _WITH_NUMBERS and min(shares) < _WITHOUT:
            settings["address"] = [{"street_alone": True}] * len(sides)
    for role, of_sides in settings.items():
        for (_, schema), side_settings in zip(sides, of_sides, strict=True):
            schema.settings[role] = dict(side_settings)


def _postcodes(profile: Profile, schema: FileSchema) -> Counter[str]:
    """Postcodes of a column, or of whole addresses."""
    if "postcode" in schema.columns:
        return profile.values(*schema.columns["postcode"])
    split = schema.learned["address"].split
    return Counter(
        code
        for text in _address_texts(profile, schema)
        if (code := split(text)["postcode"])
    )


def _infer_addresses(sides: Sequence[Side]) -> None:
    """Find addresses that are written whole, and split them where the other file has
    what stands in them.
    """
    addresses = []
    for profile, schema in sides:
        towns = (
            profile.values(schema.columns["town"][0])
            if "town" in schema.columns
            else None
        )
        fields = frozenset(name for name in PARTS[1:] if name in schema.columns)
        addresses.append(AddressSide(_address_texts(profile, schema), fields, towns))
    infer_addresses(addresses)
    split_parts: list[set[str] | None] = []
    for number, side in enumerate(addresses):
        other = addresses[number - 1]
        shared_parts = (side.form.holds - side.own) & (other.own | other.form.holds)
        split_parts.append(
            {*shared_parts}
            if side.form.holds and (shared_parts or other.texts)
            else None
        )
    for (_, schema), side, parts in zip(sides, addresses, split_parts, strict=True):
        if side.texts and any(parts is not None for parts in split_parts):
            schema.learned["address"] = replace(side.form, holds=frozenset(parts or ()))
            schema.settings["address"] = {"whole": True, "holds": sorted(parts or ())}
        elif "address" in schema.columns:
            schema.columns["address"] = schema.columns["address"][:1]


def _address_texts(profile: Profile, schema: FileSchema) -> list[str]:
    """Some of the sample's addresses, the columns of each in lines."""
    columns = schema.columns.get("address", ())
    rows = profile.thinned(_ADDRESSES).combined(columns) if columns else ()
    texts = ("\n".join(part or "" for part in row) for row in rows)
    return [text for text in texts if text.strip()]
