"""Standardise values: an ordered list of cleaners, each from columns of a file to
fields, by the file's schema only.

What a cleaner makes of a record depends on the record and the schema, and never on the
other file.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.files import codes
from linkage.files.address import AddressForm, street_alone
from linkage.files.date_format import DateFormat, composed, read_date
from linkage.files.full_names import FullNames
from linkage.files.header_names import BIRTH_PARTS, NUMBERS, ROLES
from linkage.files.read_file import encoded
from linkage.files.schema import FileSchema
from linkage.records.names import (
    are_plain_names,
    forenames,
    free_text,
    surname,
    whole_forename,
)

_MAX_TEXT = (
    128  # characters of a text that are compared: similarity of long notes takes ages
)
_MAX_REMEMBERED = 1_000_000  # values of a cleaner that are remembered
_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_AS_TWO = str.maketrans(
    _TWO | {letter.upper(): two.upper() for letter, two in _TWO.items()}
)
_TEXTS = ("town", "county", "birth_place", "street_number")

Value = str | None


@dataclass
class Cleaner:
    """Columns of a file to fields."""

    columns: tuple[str, ...]
    fields: tuple[str, ...]
    clean: Callable[
        ..., tuple[Value, ...]
    ]  # the columns' values of a record to the fields' values
    missing: Sequence[
        Collection[str]
    ] = ()  # of each column, values that stand for "not known"
    # Of one column: which values are the first field as they are, and have no other.
    is_clean: Callable[[pa.Array], pa.Array] | None = None
    remembered: dict[tuple[Value, ...], tuple[Value, ...]] = field(
        default_factory=dict
    )  # what was cleaned already

    def fields_of(
        self, columns: Sequence[pa.DictionaryArray], names: Collection[str]
    ) -> dict[str, pa.Array]:
        """Those wanted of the fields of some rows; what differs in the columns' values
        is cleaned once.
        """
        distinct, places = _distinct(columns)
        mask: pa.Array | None = None
        if self.is_clean:
            clean = pc.fill_null(self.is_clean(distinct[0]), False)
            if missing := self.missing[0]:
                clean = pc.and_(
                    clean,
                    pc.invert(pc.is_in(distinct[0], pa.array([*missing], pa.string()))),
                )
            mask = pc.invert(clean)
        dirty_values = [
            values.filter(mask) if mask is not None else values for values in distinct
        ]
        rows = zip(*(values.to_pylist() for values in dirty_values), strict=True)
        clean_values = [*zip(*map(self.of, rows), strict=True)] or [()] * len(
            self.fields
        )
        fields = {}
        for place, (name, values) in enumerate(
            zip(self.fields, clean_values, strict=True)
        ):
            if name in names:
                array = pa.array(values, pa.string())
                if mask is not None:
                    base = (
                        distinct[0] if place == 0 else pa.nulls(len(mask), pa.string())
                    )
                    array = pc.replace_with_mask(base, mask, array)
                fields[name] = array.take(places)
        return fields

    def of(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The fields of one record."""
        if (known := self.remembered.get(values)) is None:
            if len(self.remembered) > _MAX_REMEMBERED:
                self.remembered.clear()
            inputs = [
                None if v in missing else v
                for v, missing in zip(values, self.missing, strict=True)
            ]
            known = self.remembered[values] = (
                self.clean(*inputs) if any(inputs) else (None,) * len(self.fields)
            )
        return known


def as_two_letters(text: str) -> str:
    """ü as ue, ø as oe."""
    return text.translate(_AS_TWO)


def cleaners_of(schema: FileSchema) -> list[Cleaner]:
    """The cleaners of a file; those of the fields that the schema names."""
    cleaners = [*_names(schema), *_dates(schema), *_address(schema), *_codes(schema)]
    missing = schema.learned.get("missing", {})
    for cleaner in cleaners:
        cleaner.missing = [missing.get(column, ()) for column in cleaner.columns]
        if len(cleaner.columns) > 1:
            cleaner.is_clean = None
    return [cleaner for cleaner in cleaners if {*cleaner.fields} & {*schema.fields}]


def clean_rows(
    cleaners: Sequence[Cleaner], table: pa.Table, fields: Sequence[str]
) -> pa.Table:
    """The fields of a table of a file's columns; what no cleaner makes is NULL."""
    columns: dict[str, pa.Array] = {}
    for cleaner in cleaners:
        columns |= cleaner.fields_of(
            [encoded(table[name]) for name in cleaner.columns], fields
        )
    empty = pa.nulls(table.num_rows, pa.string())
    return pa.table({name: columns.get(name, empty) for name in fields})


def _distinct(columns: Sequence[pa.DictionaryArray]) -> tuple[list[pa.Array], pa.Array]:
    """The values of each column in the rows that differ, and for each row which of
    these it is.
    """
    if len(columns) == 1:
        return [columns[0].dictionary], columns[0].indices
    first = np.arange(len(columns[0]))
    places: npt.NDArray[np.int64] = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        codes_of = column.indices.to_numpy(zero_copy_only=False)
        _, first, places = np.unique(
            places * max(len(column.dictionary), 1) + codes_of,
            return_index=True,
            return_inverse=True,
        )
    return [
        column.dictionary.take(column.indices.take(pa.array(first)))
        for column in columns
    ], pa.array(places)


def _letters(schema: FileSchema) -> Callable[[str], str]:
    return (
        as_two_letters
        if schema.settings.get("name", {}).get("letters") == "two"
        else str
    )


def _of_roles(
    schema: FileSchema,
    roles: Sequence[str],
    fields: tuple[str, ...],
    clean: Callable[..., tuple[Value, ...]],
    is_clean: Callable[[pa.Array], pa.Array] | None = None,
) -> Cleaner:
    """A cleaner that is given the values of some roles by their names, of those that
    have a column.
    """
    present = [role for role in roles if role in schema.columns]
    columns = tuple(schema.columns[role][0] for role in present)
    return Cleaner(
        columns,
        fields,
        lambda *values: clean(**dict(zip(present, values, strict=True))),
        is_clean=is_clean,
    )


def _names(schema: FileSchema) -> list[Cleaner]:
    columns, letters, settings = (
        schema.columns,
        _letters(schema),
        schema.settings.get("name", {}),
    )
    splits_surnames = (
        "second_surname" in schema.fields and "second_surname" not in columns
    )

    def short(name: str, value: Value) -> Value:
        return value[0] if value and name in settings.get("initials", ()) else value

    def given(
        forename: Value = None, initials: Value = None, middle_names: Value = None
    ) -> tuple[Value, Value]:
        text = forename or initials
        first, others = forenames(letters(text)) if text else (None, None)
        if first and others and settings.get("call_name") == "last":
            *words, last = others.split()
            first, others = last, " ".join([first, *words])
        middle = whole_forename(letters(middle_names)) if middle_names else None
        return short("forename", first), " ".join(
            name for name in (others, middle) if name
        ) or None

    def family(
        surname: Value = None,
        surname_particle: Value = None,
        other_surname: Value = None,
        second_surname: Value = None,
    ) -> tuple[Value, ...]:
        before, second = (
            _surname(letters, other_surname),
            _surname(letters, second_surname),
        )
        name = (
            _surname(
                letters,
                f"{surname_particle} {surname}"
                if surname_particle and surname
                else surname,
            )
            or before
        )
        if name and splits_surnames:
            name, _, second = name.partition(" ")
        return short("surname", name), before, second or None

    def full(
        full_name: Value = None, middle_names: Value = None, other_surname: Value = None
    ) -> tuple[Value, ...]:
        names: FullNames = schema.learned["full_names"]
        forename, surname = (
            names.split(letters(full_name)) if full_name else (None, None)
        )
        return (
            *given(forename, None, middle_names),
            *family(surname, None, other_surname),
        )

    plain = None if settings.get("initials") else are_plain_names
    forename_fields = ("forename", "middle_names")
    surname_fields = ("surname", "other_surname", "second_surname")
    cleaners = []
    if "full_name" in columns:
        fields = (*forename_fields, *surname_fields)
        return [
            _of_roles(
                schema, ("full_name", "middle_names", "other_surname"), fields, full
            )
        ]
    if {"forename", "initials", "middle_names"} & {*columns}:
        cleaners.append(
            _of_roles(
                schema,
                ("forename", "initials", "middle_names"),
                forename_fields,
                given,
                plain,
            )
        )
    if "surname" in columns:
        roles = ("surname", "surname_particle", "other_surname", "second_surname")
        cleaners.append(_of_roles(schema, roles, surname_fields, family, plain))
    return cleaners


def _surname(letters: Callable[[str], str], text: Value) -> Value:
    return surname(letters(text)) if text else None


def _dates(schema: FileSchema) -> list[Cleaner]:
    columns = schema.columns
    parts = tuple(columns[role][0] for role in BIRTH_PARTS if role in columns)
    source, date_format = (
        columns.get("dob", ())[:1] or parts,
        DateFormat(**schema.settings.get("dob", {})),
    )
    add = int(schema.settings.get("age", {}).get("add_years", 0))

    def date(*values: Value) -> tuple[Value, Value]:
        day = read_date(
            values[0] if len(values) == 1 else composed(*values), date_format
        )
        return day, str(add - int(day[:4])) if day else None

    def age(text: str) -> tuple[Value]:
        return (
            str(years + add) if (years := codes.read_age(text)) is not None else None,
        )

    cleaners = [Cleaner(source, ("dob", "age"), date)] if source else []
    return (
        [*cleaners, Cleaner(columns["age"][:1], ("age",), age)]
        if "age" in columns
        else cleaners
    )


def _address(schema: FileSchema) -> list[Cleaner]:
    columns, letters = schema.columns, _letters(schema)
    form: AddressForm | None = schema.learned.get("address")
    if "address" not in columns:
        return []
    if form is None:
        street = (
            street_alone
            if schema.settings.get("address", {}).get("street_alone")
            else str
        )
        return [
            Cleaner(
                columns["address"][:1],
                ("address",),
                lambda text: (_text(street(text), letters),),
            )
        ]
    parts_of_form = [
        name
        for name in ("postcode", "town")
        if name in form.holds and name not in columns
    ]

    def whole(*lines: Value) -> tuple[Value, ...]:
        parts = form.split("\n".join(line or "" for line in lines))
        code, settings = parts["postcode"], schema.settings.get("postcode")
        fields = {name: _text(value or "", letters) for name, value in parts.items()}
        fields["postcode"] = (
            codes.read_postcode(code, settings) if code and settings else code
        )
        return tuple(fields[name] for name in ("address", *parts_of_form))

    return [Cleaner(columns["address"], ("address", *parts_of_form), whole)]


def _codes(schema: FileSchema) -> list[Cleaner]:
    """Cleaners of contacts, sexes, postcodes, numbers and texts: of each role the first
    value that can be read.
    """
    text, cleaners = partial(_text, letters=_letters(schema)), []
    for role, columns in schema.columns.items():
        settings = schema.settings.get(role, {})
        readers: dict[str, Callable[[str], Value]] = {
            **dict.fromkeys(
                NUMBERS, partial(codes.read_number, role=role, settings=settings)
            ),
            **dict.fromkeys(_TEXTS, text),
            "phone": codes.read_phone,
            "email": codes.read_email,
            "sex": partial(codes.read_sex, settings=settings),
            "postcode": partial(codes.read_postcode, settings=settings),
        }
        if (read := readers.get(role, None if role in ROLES else text)) is None:
            continue
        cleaner = Cleaner(columns, (role,), partial(_first_known, read))
        if role == "postcode" and settings == {"kind": "british", "precision": "unit"}:
            cleaner.is_clean = codes.are_postcodes
        cleaners.append(cleaner)
    return cleaners


def _first_known(read: Callable[[str], Value], *values: Value) -> tuple[Value]:
    return (next((text for value in values if value and (text := read(value))), None),)


def _text(value: str, letters: Callable[[str], str]) -> Value:
    text = free_text(letters(value))
    return text[:_MAX_TEXT].rstrip(" .,;:") or None if text else None
