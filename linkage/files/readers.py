"""What a file's schema says of how its columns are read, as the standardiser takes
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from linkage.engine import literal
from linkage.files import codes
from linkage.files.address import AddressForm, street_alone
from linkage.files.date_format import PRECISIONS, DateFormat, composed, read_date
from linkage.files.full_names import FullNames
from linkage.files.header_names import BIRTH_PARTS, NUMBERS, ROLES
from linkage.files.schema import FileSchema
from linkage.records.dates import is_no_date_text
from linkage.records.fields import Description
from linkage.records.names import free_text
from linkage.records.readers import (
    CodeReader,
    Email,
    FamilyNames,
    GivenNames,
    NameReader,
    Number,
    Phone,
    Postcode,
    Precision,
    Reader,
    Sex,
    Text,
    Value,
    Values,
    as_two_letters,
)
from linkage.records.rules import identifier_rules

_TEXTS = ("town", "county", "birth_place", "street_number")
_LONGEST_TEXT = 128  # characters


def description_of(schema: FileSchema, fields: Sequence[str] = ()) -> Description:
    """How a file's columns are read, by its schema.

    Args:
        fields: those that are wanted; the schema's own when empty.
    """
    wanted = tuple(fields or schema.fields)
    readers: list[Reader] = [*_names(schema, wanted), *_dates(schema)]
    readers += _address(schema)
    readers += _codes(schema, wanted)
    return Description(readers, wanted, schema.learned.get("missing", {}))


def _names(schema: FileSchema, fields: Sequence[str]) -> list[Reader]:
    settings = schema.settings.get("name", {})
    options: dict[str, Any] = {
        "two_letters": _writes_two_letters(schema),
        "initials": frozenset(settings.get("initials", ())),
    }

    def columns_of(*roles: str) -> dict[str, Any]:
        present = tuple(role for role in roles if role in schema.columns)
        columns = tuple(schema.columns[role][0] for role in present)
        return {"roles": present, "columns": columns} | options

    given = GivenNames(
        fields=("forename", "middle_names"),
        call_name_last=settings.get("call_name") == "last",
        **columns_of("forename", "initials", "middle_names"),
    )
    family = FamilyNames(
        fields=("surname", "other_surname", "second_surname"),
        splits="second_surname" in fields and "second_surname" not in schema.columns,
        **columns_of("surname", "surname_particle", "other_surname", "second_surname"),
    )
    if "full_name" in schema.columns:
        parts = columns_of("full_name", "middle_names", "other_surname")
        names: FullNames = schema.learned["full_names"]
        return [
            FullName(
                fields=(*given.fields, *family.fields),
                names=names,
                given=replace(given, roles=("forename", "middle_names")),
                family=replace(family, roles=("surname", "other_surname")),
                **parts,
            )
        ]
    readers: list[Reader] = [given] if given.columns else []
    return [*readers, family] if "surname" in schema.columns else readers


def _writes_two_letters(schema: FileSchema) -> bool:
    return bool(schema.settings.get("name", {}).get("letters") == "two")


@dataclass(frozen=True)
class FullName(NameReader):
    """A whole name in one column, split by the words of the column.

    Attributes:
        names: how it is split.
        given: how forenames and a column of middle names are read.
        family: how the surname and a column of a further one are read.
    """

    names: FullNames = field(kw_only=True)
    given: GivenNames = field(kw_only=True)
    family: FamilyNames = field(kw_only=True)

    def is_plain(self, *texts: str) -> str:
        return Reader.is_plain(self, *texts)

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        return Reader.plain_fields(self, *texts)

    def read(self, *values: Value) -> Values:
        known = self.values_of(values)
        name = known.get("full_name")
        forename, surname = self.names.split(name) if name else (None, None)
        return (
            *self.given.read(forename, known.get("middle_names")),
            *self.family.read(surname, known.get("other_surname")),
        )


def _dates(schema: FileSchema) -> list[Reader]:
    columns = schema.columns
    parts = tuple(columns[role][0] for role in BIRTH_PARTS if role in columns)
    add_years = int(schema.settings.get("age", {}).get("add_years", 0))
    form = DateFormat(**schema.settings.get("dob", {}))
    source = columns.get("dob", ())[:1] or parts
    readers: list[Reader] = []
    if source:
        readers.append(BirthDate(source, ("dob", "age"), form, add_years))
    if "age" in columns:
        readers.append(Age(columns["age"][:1], ("age",), add_years))
    return readers


@dataclass(frozen=True)
class BirthDate(Reader):
    """dob as year-month-day text, where 00 is not known, and the age from it; of one
    column, or of year, month and day.

    Attributes:
        add_years: the year in which the other file knows ages.
    """

    form: DateFormat
    add_years: int = 0

    def is_plain(self, *texts: str) -> str:
        if len(texts) > 1 or self.form.format:
            return super().is_plain(*texts)
        (text,) = texts
        return (
            f"({text} is null or (regexp_full_match({text}, "
            f"'[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') and not {is_no_date_text(text)}))"
        )

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        day, known = texts[0], PRECISIONS[self.form.precision]
        defaults = [*map(str, identifier_rules().date.sentinels)]
        defaults += self.form.default_days
        date = f"left({day}, {known}) || {literal('-00-00'[known - 10 :])}"
        date = date if known < PRECISIONS["day"] else day
        january = (
            f" when right({day}, 6) = '-01-01' then left({day}, 4) || '-00-00'"
            if self.form.january_is_default
            else ""
        )
        missing = ", ".join(map(literal, defaults))
        dob = f"case when {day} in ({missing}) then null{january} else {date} end"
        year = f"cast(left({dob}, 4) as integer)"
        return dob, f"cast({self.add_years} - {year} as varchar)"

    def read(self, *values: Value) -> Values:
        text = values[0] if len(values) == 1 else composed(*values)
        day = read_date(text, self.form)
        return day, str(self.add_years - int(day[:4])) if day else None


@dataclass(frozen=True)
class Age(Reader):
    """Years, with or without words after them.

    Attributes:
        add_years: between the days of two files.
    """

    add_years: int = 0

    def read(self, *values: Value) -> Values:
        years = codes.read_age(values[0] or "")
        return (None if years is None else str(years + self.add_years),)


def _address(schema: FileSchema) -> list[Reader]:
    columns, two_letters = schema.columns, _writes_two_letters(schema)
    form: AddressForm | None = schema.learned.get("address")
    if "address" not in columns:
        return []
    if form is None:
        is_alone = schema.settings.get("address", {}).get("street_alone")
        reader = Street if is_alone else Text
        return [reader(columns["address"][:1], ("address",), two_letters=two_letters)]
    parts = [
        name
        for name in ("postcode", "town")
        if name in form.holds and name not in columns
    ]
    postcode = schema.settings.get("postcode")
    fields = ("address", *parts)
    return [WholeAddress(columns["address"], fields, form, postcode, two_letters)]


@dataclass(frozen=True)
class Street(Text):
    """The words of a street before the number of a house, or after it where it stands
    first.
    """

    def is_plain_text(self, text: str) -> str:
        return f"regexp_full_match({text}, '[ -+.:-~-]*')"

    def in_ascii(self, value: str) -> str:
        return super().in_ascii(street_alone(value))


@dataclass(frozen=True)
class WholeAddress(Reader):
    """The parts of an address that is written whole, in one column or in lines.

    Attributes:
        form: how it is written.
        postcode: how its postcodes are compared.
    """

    form: AddressForm
    postcode: dict[str, Any] | None
    two_letters: bool = False

    def read(self, *values: Value) -> Values:
        parts = self.form.split("\n".join(line or "" for line in values))
        fields = {name: self._text(value or "") for name, value in parts.items()}
        code = parts["postcode"]
        fields["postcode"] = (
            codes.read_postcode(code, self.postcode) if code and self.postcode else code
        )
        return tuple(fields[name] for name in self.fields)

    def _text(self, value: str) -> Value:
        text = free_text(as_two_letters(value) if self.two_letters else value)
        return text[:_LONGEST_TEXT].rstrip(" .,;:") or None if text else None


def _codes(schema: FileSchema, fields: Sequence[str]) -> list[CodeReader]:
    """Readers of contacts, sexes, postcodes, numbers and further texts."""
    readers = (
        _code_reader(schema, role, columns)
        for role, columns in schema.columns.items()
        if role in fields
    )
    return [reader for reader in readers if reader]


def _code_reader(
    schema: FileSchema, role: str, columns: tuple[str, ...]
) -> CodeReader | None:
    settings, fields = schema.settings.get(role, {}), (role,)
    if role in NUMBERS:
        length, last = int(settings.get("length", 0)), int(settings.get("last", 0))
        return Number(columns, fields, role, length, last)
    if role == "postcode":
        is_british = settings["kind"] == "british"
        precision: Precision = settings["precision"] if is_british else "code"
        return Postcode(columns, fields, precision, settings.get("digits", 0))
    if role == "sex":
        return Sex(columns, fields, settings["codes"])
    if role in ("phone", "email"):
        return (Phone if role == "phone" else Email)(columns, fields)
    if role in _TEXTS or role not in ROLES:
        return Text(columns, fields, two_letters=_writes_two_letters(schema))
    return None
