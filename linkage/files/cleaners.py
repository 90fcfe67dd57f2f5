"""Standardise values: an ordered list of cleaners, each from columns of a file to fields, by the file's schema only.

What a cleaner makes of a record depends on the record and the schema, and never on the other file.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from linkage.files import ages, contacts, sexes
from linkage.files.address import AddressForm, street_alone
from linkage.files.date_format import DateFormat, composed, read_date
from linkage.files.full_names import FullNames, suffix_of
from linkage.files.header_names import NUMBERS, ROLES
from linkage.files.schema import FileSchema
from linkage.records.names import forenames, free_text, surname, whole_forename

BIRTH_PARTS = ("birth_year", "birth_month", "birth_day")
_MAX_TEXT = 128  # characters of a text that are compared: similarity of long notes takes ages
_MAX_REMEMBERED = 1_000_000  # values of a cleaner that are remembered
_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_AS_TWO = str.maketrans(_TWO | {letter.upper(): two.upper() for letter, two in _TWO.items()})

Value = str | None


@dataclass
class Cleaner:
    """Columns of a file to fields.

    Attributes:
        clean: the columns' values of a record to the fields' values.
        remembered: what was cleaned already.
    """

    columns: tuple[str, ...]
    fields: tuple[str, ...]
    clean: Callable[..., tuple[Value, ...]]
    missing: Sequence[Collection[str]] = ()
    remembered: dict[tuple[Value, ...], tuple[Value, ...]] = field(default_factory=dict)

    def of_rows(self, table: pa.Table) -> list[list[Value]]:
        """Each field's values of a table of the file's columns."""
        made = [self.of(values) for values in zip(*(table[name].to_pylist() for name in self.columns), strict=True)]
        return [list(column) for column in zip(*made, strict=True)] if made else [[] for _ in self.fields]

    def of(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The fields of one record."""
        known = self.remembered.get(values)
        if known is None:
            if len(self.remembered) > _MAX_REMEMBERED:
                self.remembered.clear()
            given = [None if v in gone else v for v, gone in zip(values, self.missing, strict=True)]
            known = self.remembered[values] = self.clean(*given) if any(given) else (None,) * len(self.fields)
        return known


def as_two_letters(text: str) -> str:
    """ü as ue, ø as oe."""
    return text.translate(_AS_TWO)


def cleaners_of(schema: FileSchema) -> list[Cleaner]:
    """The cleaners of a file; those of the fields that the schema names."""
    wanted, made = set(schema.fields), list[Cleaner]()
    for build in (_names, _dates, _address, _contacts, _others):
        for cleaner in build(schema, wanted):
            if set(cleaner.fields) & wanted:
                gone = schema.learned.get("missing", {})
                cleaner.missing = [gone.get(column, ()) for column in cleaner.columns]
                made.append(cleaner)
    return made


def clean_rows(cleaners: Sequence[Cleaner], table: pa.Table, fields: Sequence[str]) -> pa.Table:
    """The fields of a table of a file's columns; what no cleaner makes is NULL."""
    columns: dict[str, list[Value]] = {}
    for cleaner in cleaners:
        columns |= dict(zip(cleaner.fields, cleaner.of_rows(table), strict=True))
    empty: list[Value] = [None] * table.num_rows
    return pa.table({name: pa.array(columns.get(name, empty), pa.string()) for name in fields})


def _letters(schema: FileSchema) -> Callable[[str], str]:
    two = schema.settings.get("name", {}).get("letters") == "two"
    return as_two_letters if two else lambda text: text


def _names(schema: FileSchema, wanted: Collection[str]) -> list[Cleaner]:
    columns, letters, how = schema.columns, _letters(schema), schema.settings.get("name", {})
    initials = set(how.get("initials", ()))
    own_second = "second_surname" in columns

    def short(name: str, value: Value) -> Value:
        return value[0] if value and name in initials else value

    def given(text: Value, middle: Value = None) -> tuple[Value, Value]:
        first, others = forenames(letters(text)) if text else (None, None)
        if first and others and how.get("call_name") == "last":
            *between, last = others.split()
            first, others = last, " ".join([first, *between])
        further = whole_forename(letters(middle)) if middle else None
        return short("forename", first), " ".join(name for name in (others, further) if name) or None

    def family(text: Value, particle: Value = None, other: Value = None, second: Value = None) -> tuple[Value, ...]:
        name = surname(letters(f"{particle} {text}" if particle else text)) if text else None
        before = surname(letters(other)) if other else None
        name = name or before
        two = surname(letters(second)) if second else None
        if name and not own_second and "second_surname" in wanted:
            name, _, two = name.partition(" ")
        return short("surname", name), before, two or None

    def suffix(text: Value) -> tuple[Value]:
        return (suffix_of(text, is_name="name_suffix" not in columns) if text else None,)

    def initial_of(text: Value) -> tuple[Value, Value]:
        letters_of = [sign for sign in (text or "").upper() if sign.isalpha()]
        return (letters_of[0], letters_of[-1] if len(letters_of) > 1 else None) if letters_of else (None, None)

    def full(text: Value, middle: Value = None, other: Value = None) -> tuple[Value, ...]:
        names: FullNames = schema.learned["full_names"]
        forename, surname_text = names.split(letters(text)) if text else (None, None)
        name, before, two = family(surname_text, None, other)
        return (*given(forename, middle), name, before, two)

    both = ("forename", "middle_names", "surname", "other_surname", "second_surname")
    made = []
    if "full_name" in columns:
        inputs = [columns["full_name"][0]]
        extra = [columns[role][0] for role in ("middle_names", "other_surname") if role in columns]
        positions = [role for role in ("middle_names", "other_surname") if role in columns]
        names = {"middle_names": "middle", "other_surname": "other"}
        made.append(
            Cleaner(
                (*inputs, *extra),
                both,
                lambda text, *more: full(text, **{names[r]: v for r, v in zip(positions, more, strict=True)}),
            )
        )
    elif "initials" in columns and "forename" not in columns and "surname" not in columns:
        made.append(Cleaner(columns["initials"], ("forename", "surname"), initial_of))
    else:
        made += _own_names(columns, given, family)
    if "name_suffix" in wanted:
        source = next((columns[role] for role in ("name_suffix", "full_name", "surname") if role in columns), ())
        made += [Cleaner(source[:1], ("name_suffix",), suffix)] if source else []
    return made


def _own_names(
    columns: Mapping[str, tuple[str, ...]],
    given: Callable[..., tuple[Value, ...]],
    family: Callable[..., tuple[Value, ...]],
) -> list[Cleaner]:
    """Cleaners of forenames and surnames in columns of their own."""
    made = []
    forename = columns.get("forename") or columns.get("initials")
    if forename:
        made.append(Cleaner((forename[0], *columns.get("middle_names", ())), ("forename", "middle_names"), given))
    elif "middle_names" in columns:
        made.append(Cleaner(columns["middle_names"], ("middle_names",), lambda text: (whole_forename(text or ""),)))
    if "surname" in columns:
        roles = [role for role in ("surname_particle", "other_surname", "second_surname") if role in columns]
        names = {"surname_particle": "particle", "other_surname": "other", "second_surname": "second"}
        made.append(
            Cleaner(
                (columns["surname"][0], *(columns[role][0] for role in roles)),
                ("surname", "other_surname", "second_surname"),
                lambda text, *more: family(text, **{names[r]: v for r, v in zip(roles, more, strict=True)}),
            )
        )
    return made


def _dates(schema: FileSchema, wanted: Collection[str]) -> list[Cleaner]:
    columns = schema.columns
    parts = tuple(columns[role][0] for role in BIRTH_PARTS if role in columns)
    source = columns.get("dob", ())[:1] or parts
    add = int(schema.settings.get("age", {}).get("add_years", 0))
    made = []

    def date(*values: Value) -> Value:
        return read_date(values[0] if len(values) == 1 else composed(*values), how)

    if source:
        how = DateFormat.of_settings(schema.settings.get("dob", {}))
        made.append(Cleaner(source, ("dob",), lambda *values: (date(*values),)))
    if "age" in columns:
        made.append(
            Cleaner(
                columns["age"][:1],
                ("age",),
                lambda text: (str(years + add) if text and (years := ages.age(text)) is not None else None,),
            )
        )
    elif source and "age" in wanted:
        made.append(
            Cleaner(source, ("age",), lambda *values: (str(add - int(day[:4])) if (day := date(*values)) else None,))
        )
    return made


def _address(schema: FileSchema, wanted: Collection[str]) -> list[Cleaner]:
    columns, letters = schema.columns, _letters(schema)
    form: AddressForm | None = schema.learned.get("address")
    if "address" not in columns:
        return []
    if form is None:
        alone = bool(schema.settings.get("address", {}).get("street_alone"))

        def street(text: Value) -> tuple[Value]:
            return (_text(letters(street_alone(text) if alone and text else text or "")),)

        return [Cleaner(columns["address"][:1], ("address",), street)]
    codes = schema.settings.get("postcode")
    fields = tuple(
        name for name in ("address", "postcode", "town", "county") if name == "address" or name in form.holds
    )
    fields = tuple(name for name in fields if name not in columns or name == "address")

    def whole(*lines: Value) -> tuple[Value, ...]:
        found = form.split("\n".join(line or "" for line in lines))
        if found["postcode"] and codes:
            found["postcode"] = contacts.postcode(found["postcode"], codes)
        made = {name: _text(letters(value or "")) if name != "postcode" else value for name, value in found.items()}
        return tuple(made[name] for name in fields)

    return [Cleaner(columns["address"], fields, whole)]


def _contacts(schema: FileSchema, wanted: Collection[str]) -> list[Cleaner]:
    columns, made = schema.columns, []
    digits = int(schema.settings.get("phone", {}).get("digits", 0))
    for role, read in (("phone", lambda text: contacts.phones(text, digits)), ("email", contacts.emails)):
        if role in columns:

            def first(*values: Value, read: Callable[[str], list[str]] = read) -> tuple[Value]:
                return (next((found for value in values if value for found in read(value)), None),)

            made.append(Cleaner(columns[role], (role,), first))
    return made


def _others(schema: FileSchema, wanted: Collection[str]) -> list[Cleaner]:
    columns, settings, letters = schema.columns, schema.settings, _letters(schema)
    made = []
    for role, of in columns.items():
        how = settings.get(role, {})
        if role == "sex":
            made.append(Cleaner(of[:1], (role,), lambda text, how=how: (sexes.sex(text or "", how),)))
        elif role == "postcode":
            made.append(Cleaner(of[:1], (role,), lambda text, how=how: (contacts.postcode(text or "", how),)))
        elif role in NUMBERS:
            made.append(Cleaner(of[:1], (role,), lambda text, r=role, how=how: (contacts.number(text or "", r, how),)))
        elif role in ("town", "county", "birth_place", "street_number") or role not in ROLES:
            made.append(Cleaner(of[:1], (role,), lambda text: (_text(letters(text or "")),)))
    return made


def _text(value: str) -> Value:
    text = free_text(value)
    return text[:_MAX_TEXT].rstrip(" .,;:") or None if text else None
