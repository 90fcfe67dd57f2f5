"""Infer the schema of one person file, or of two: the role of each column.

This is the one place where that is decided: by what the user states, by headers, then by contents. A column is taken for
a role by its contents where its values have the role's form (e-mail, postcode, NINO, birth date), or are those of the
other file's column of that role. Where two columns fit about as well, neither is taken: a question is better than a
wrong guess. How values are read is inferred in `infer_settings`.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from linkage.errors import ConfigError
from linkage.files.address import holds_whole_addresses
from linkage.files.codes import FORMS, sex_frame, share
from linkage.files.date_format import infer_format, latest_birth_year, read_date
from linkage.files.full_names import FullNames
from linkage.files.header_names import (
    BIRTH_PARTS,
    NUMBERS,
    ROLES,
    address_lines,
    is_another_persons,
    is_called_like_a_key,
    plain,
    roles_of,
    shown_names,
)
from linkage.files.infer_settings import infer_settings, learn_addresses
from linkage.files.mapping import Stated
from linkage.files.profile import Profile
from linkage.files.schema import CONTENT, HEADER, OPTION, FileSchema
from linkage.files.vocabulary import vocabulary
from linkage.records.names import name_words

NUMBERED = "none"
"""What --id says where the rows are to be numbered."""
PERSONAL = frozenset({"forename", "surname", "dob", "age", "email", "phone", *NUMBERS})
"""Fields of which a file of persons has one at least."""
_CODE = re.compile(r"[A-Za-z]*[-_/]?[A-Za-z]*[0-9][A-Za-z0-9]*([-_/][A-Za-z0-9]+)*")
_DATE = re.compile(r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}")
_MIN_FORM_SHARE = 0.9  # of values have the form of a role
_MIN_LIKENESS = 0.5  # of the words that two halves of a column share
_MIN_EQUAL = 0.05  # share of numbers that two files must have in common
_LEAD = 1.2  # times as alike as the next column
_MIN_BIRTH_YEARS = 15  # years that dates must span, or they are of events
_MIN_VALUES = 20  # distinct ones, or a column is a category
_MAX_NUMBERED = 0.1  # share of values with a digit, above which they are no words
_MIN_NUMBER = 6  # signs of a person number
_NAMES = ("forename", "surname", "full_name")

Keys = Callable[[Profile, Sequence[str]], Sequence[str]]
"""Of some columns of a file those that are known in every row and hold no value twice, by all of its rows."""


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
        ConfigError: fewer than two fields, or none of a person; a stated id that is no column.
        InputError: a column was taken for a birth date and holds none, and there is little else to compare.
    """
    schemas = [_by_headers(profile, of) for profile, of in zip(profiles, stated, strict=True)]
    _find_ids(profiles, schemas, stated, ids, keys)
    taken = [{*schema.used, *of.columns} for schema, of in zip(schemas, stated, strict=True)]
    for schema, roles in zip(schemas, _by_contents(profiles, schemas, taken), strict=True):
        schema.columns |= {role: (column,) for role, column in roles.items()}
        schema.evidence |= dict.fromkeys(roles, CONTENT)
    for profile, schema, of in zip(profiles, schemas, stated, strict=True):
        _settle(profile, schema, of)
        schema.columns |= {name: (column,) for name, column in of.compared.items()}
        schema.evidence |= dict.fromkeys(of.compared, OPTION)
        _find_missing(profile, schema)
    infer_settings(profiles, schemas, date_formats)
    _refuse_too_few(profiles, schemas)
    return schemas


def learn(profile: Profile, schema: FileSchema) -> None:
    """What readers learn from the file itself, for a schema that was read from TOML."""
    _find_missing(profile, schema)
    if "full_name" in schema.columns:
        values = profile.values(schema.columns["full_name"][0])
        schema.learned["full_names"] = FullNames.learn(values, schema.settings.get("full_name"))
    if schema.settings.get("address", {}).get("whole"):
        learn_addresses(profile, schema)


def _find_missing(profile: Profile, schema: FileSchema) -> None:
    profile.find_missing(schema.columns)
    schema.learned["missing"] = profile.missing


def _by_headers(profile: Profile, stated: Stated) -> FileSchema:
    left_out = {*stated.left_out, *stated.compared.values()}
    headers = [name for name in profile.columns if name not in left_out]
    mapped = [column for columns in stated.roles.values() for column in columns if column not in headers]
    roles = roles_of([*headers, *mapped], stated.roles)
    return FileSchema(columns=roles, evidence={role: OPTION if role in stated.roles else HEADER for role in roles})


def _find_ids(
    profiles: Sequence[Profile],
    schemas: Sequence[FileSchema],
    stated: Sequence[Stated],
    ids: Sequence[str | None],
    keys: Keys,
) -> None:
    """Note each file's column of ids: the one that is stated, or is called like a key and is one; else rows are numbered."""
    for profile, schema, of, key in zip(profiles, schemas, stated, ids, strict=True):
        if key not in (None, NUMBERED, *profile.file.columns):
            which = "the file" if profile.file.side == "file" else f"the {profile.file.side} file"
            raise ConfigError(f"--id: {which} has no column '{key}'\n  it has: {shown_names(profile.file.columns)}")
        mapped = schema.columns["id"][0] if schema.evidence.get("id") == OPTION else None
        schema.id = key or mapped or next(iter(keys(profile, _keys_to_ask(profile, schema, of.columns))), None)
    for here, (profile, schema) in enumerate(zip(profiles, schemas, strict=True)):
        other = schemas[here - 1].id
        if not schema.id and other in profile.columns and keys(profile, [str(other)]):
            schema.id = other  # what is one file's id may be the other's under the same name
    for schema in schemas:
        schema.id = None if schema.id == NUMBERED else schema.id
        for role in [role for role, columns in schema.columns.items() if columns == (schema.id,)]:
            if role not in NUMBERS:
                schema.columns.pop(role)


def _keys_to_ask(profile: Profile, schema: FileSchema, stated: Collection[str]) -> list[str]:
    """Columns that may be the key, the likeliest first; unique in the sample."""
    roles = {column for role, of in schema.columns.items() if role != "id" for column in of} | {*stated}
    columns = profile.sample.column_names
    free = [name for name in columns if name not in roles]
    called = [name for name in free if is_called_like_a_key(name)]
    coded = [name for name in (columns[0], columns[-1]) if name in free and _are_codes(profile.values(name))]
    numbers = [schema.columns[role][0] for role in NUMBERS if role in schema.columns]
    candidates = dict.fromkeys([*schema.columns.get("id", ()), *called, *coded, *numbers])
    return [n for n in candidates if n in columns and len(of := profile.values(n)) == of.total() == profile.rows]


def _are_codes(values: Counter[str]) -> bool:
    """Whether all values are codes with a digit, and no dates or quantities of several lengths."""
    lengths = {len(value) for value in values}
    prefixes = {re.sub(r"[0-9].*", "", value) for value in values}
    digits = [int(value) for value in values if value.isdigit()]
    is_series = len(digits) == len(values) > 0 and max(digits) - min(digits) + 1 == len(digits)
    is_formed = (len(lengths) == 1 and min(lengths) > 3) or (len(prefixes) == 1 and prefixes != {""}) or is_series
    return is_formed and all(_CODE.fullmatch(value) and not _DATE.fullmatch(value) for value in values)


def _by_contents(
    profiles: Sequence[Profile], schemas: Sequence[FileSchema], taken: Sequence[set[str]]
) -> list[dict[str, str]]:
    """Of each file, further roles to the column that its values show; `taken` are columns that are something else."""
    free = [
        [c for c in of.columns if c not in gone and not is_another_persons(c) and of.values(c)]
        for of, gone in zip(profiles, taken, strict=True)
    ]
    by_form = [_by_form(of, columns) for of, columns in zip(profiles, free, strict=True)]
    roles: list[dict[str, str]] = []
    for here, profile in enumerate(profiles):
        own, other = schemas[here].columns, schemas[here - 1].columns if len(profiles) > 1 else {}
        shared = {*other, *by_form[here - 1]} - {*own}
        found = {role: of[0] for role, of in by_form[here].items() if role in shared and len(of) == 1}
        if len(profiles) > 1:
            rest = [column for column in free[here] if column not in found.values()]
            found |= _by_likeness(profile, rest, own, profiles[here - 1], other)
        roles.append(found)
    return roles


def _by_form(profile: Profile, columns: Sequence[str]) -> dict[str, list[str]]:
    """Role to the columns whose values have its form."""
    found: dict[str, list[str]] = {}
    for column in columns:
        values = profile.values(column)
        role = next((role for role, form in FORMS.items() if _have_form(values, form)), None)
        if role is None and _are_birth_dates(values):
            role = "dob"
        frame = sex_frame(values, column) if role is None and len(values) <= 4 else None
        if frame and not any(map(str.isdigit, "".join(frame))):
            role = "sex"
        if role:
            found.setdefault(role, []).append(column)
    return found


def _have_form(values: Counter[str], form: re.Pattern[str]) -> bool:
    return share(values, lambda value: form.fullmatch(value.upper())) >= _MIN_FORM_SHARE


def _are_birth_dates(values: Counter[str]) -> bool:
    """Whether nearly all values are whole dates, of more years than events have."""
    if len(values) < _MIN_VALUES or not all(re.search(r"\d", value) for value in values):
        return False
    how, years = infer_format(values, latest_birth_year([values])), Counter[int]()
    for value, rows in values.items():
        date = read_date(value, how)
        if date and not date.endswith("-00") and len(value) > 5:
            years[int(date[:4])] += rows
    return years.total() >= _MIN_FORM_SHARE * values.total() and max(years) - min(years) >= _MIN_BIRTH_YEARS


def _by_likeness(
    profile: Profile, free: Sequence[str], own: Collection[str], other: Profile, others: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Roles of the other file's columns, to those of this file that hold the same words or numbers."""
    scores: dict[tuple[str, str], float] = {}
    for role in (role for role in (*_NAMES, "town", *NUMBERS) if role in others and role not in own):
        if (role == "full_name" and {*own} & {*_NAMES}) or (role in _NAMES and "full_name" in own):
            continue
        is_number = role in NUMBERS
        tokens, least = (_numbers, _MIN_EQUAL) if is_number else (_words, _MIN_LIKENESS)
        theirs = tokens(other.values(others[role][0]))
        usual = 1.0 if is_number else _of_halves(theirs)
        for column in free if usual else ():
            score = _in_common(tokens(profile.values(column)), theirs) / usual
            if score >= least:
                scores[role, column] = score
    found: dict[str, str] = {}
    while scores:
        role, column = max(scores, key=lambda pair: scores[pair])
        rivals = [score for (r, c), score in scores.items() if (r == role) != (c == column)]
        if not any(rival * _LEAD > scores[role, column] for rival in rivals):
            found[role] = column
        scores = {(r, c): score for (r, c), score in scores.items() if r != role and c != column}
    return found


def _words(values: Counter[str]) -> Counter[str]:
    found = Counter[str]()
    if len(values) >= _MIN_VALUES and share(values, lambda value: any(map(str.isdigit, value))) <= _MAX_NUMBERED:
        for value, rows in values.items():
            for word in name_words(value):
                found[word] += rows
    return found


def _numbers(values: Counter[str]) -> Counter[str]:
    found = Counter[str]()
    for value, rows in values.items():
        code = re.sub(r"[^A-Z0-9]", "", value.upper())
        if len(code) >= _MIN_NUMBER and any(map(str.isdigit, code)):
            found[code] += rows
    return found


def _in_common(one: Counter[str], two: Counter[str]) -> float:
    """The share of the rows of two columns whose tokens stand in the other; the smaller of both."""
    return min(share(one, two.__contains__), share(two, one.__contains__))


def _of_halves(tokens: Counter[str]) -> float:
    """What two halves of a column have in common: a token that stands n times is in both with chance 1 - 2^(1 - n)."""
    return sum(rows * (1 - 2.0 ** (1 - rows)) for rows in tokens.values()) / max(tokens.total(), 1)


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
    replaced: tuple[str, ...] = (
        ("forename", "surname", "initials", "surname_particle") if "full_name" in columns else ()
    )
    is_day = "dob" in columns and plain(columns["dob"][0]) in vocabulary()["field"]["birth_day"].get("ambiguous", ())
    if is_day and {"birth_year", "birth_month"} <= set(columns):
        columns["birth_day"] = columns.pop("dob")
    if "dob" in columns or "birth_year" not in columns:
        replaced += BIRTH_PARTS
    elif "birth_month" not in columns:
        replaced += ("birth_day",)
    for role in replaced + (("initials",) if "forename" in columns else ()):
        columns.pop(role, None)
    if "town" in columns and "address" not in columns and holds_whole_addresses(profile.values(columns["town"][0])):
        columns["address"] = columns.pop("town")
    if "address" not in stated.roles:
        others = {column for role, of in columns.items() if role != "address" for column in of} | {schema.id or ""}
        lines = [] if "town" in columns else address_lines(profile.columns, others | stated.columns)
        if lines and {*columns.get("address", ())} <= {*lines}:
            columns["address"] = tuple(lines)
            schema.evidence.setdefault("address", HEADER)


def _refuse_too_few(profiles: Sequence[Profile], schemas: Sequence[FileSchema]) -> None:
    fields = schemas[0].fields
    personal = PERSONAL.union(schemas[0].columns.keys() - {*ROLES})
    if len(fields) >= 2 and personal & set(fields):
        return
    one = len(profiles) == 1
    what = "the file has" if one else "the two files share"
    maps = "--map surname=COLUMN" if one else "--map left.surname=COLUMN --map right.surname=COLUMN"
    few = "fewer than two fields" if len(fields) < 2 else "no field that identifies a person"
    has = "".join(f"  {'it' if one else of.file.side} has: {shown_names(of.file.columns)}\n" for of in profiles)
    remedy = f"state which columns hold identifiers: {maps}; to compare a further column: --compare COLUMN"
    if any(len(of.file.columns) == 1 for of in profiles):
        remedy = (
            "no separator was found in a file of one column: state it with --delimiter; a text of fixed widths or free "
            "text has to be split into columns first"
        )
    raise ConfigError(f"{what} {few} that can be compared\n{has}  {remedy}")
