"""Identifiers of the persons of a run's source in one form, with a flag for each
rejected value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.catalogue import PROBLEMS
from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table, columns, quote, types_of
from linkage.errors import ConfigError
from linkage.records import dates
from linkage.records.fields import Description, standardise, text_of
from linkage.records.identifiers import (
    default_date,
    first_of_january,
    is_temporary_upn,
)
from linkage.records.readers import (
    Day,
    Email,
    FamilyName,
    GivenNames,
    Number,
    Phone,
    Postcode,
    Reader,
    Sex,
    Text,
)
from linkage.records.rules import identifier_rules
from linkage.records.values import day_of, is_day

DATES = ("dob", "valid_from", "valid_to")
FORMER = ("former_surname", "former_postcode")
OTHER = ("email", "phone", "address")

_NUMBERS = ("nino", "uln", "upn", "husid")


@dataclass(frozen=True)
class PersonColumns:
    """What the columns of a table of persons are, and how its values are written.

    Attributes:
        roles: role -> column. Roles are IDENTIFIERS, valid_from, valid_to,
            former_surname, former_postcode, email, phone and address.
        carry: columns that are handed on as they are.
        texts: column -> name under which it is handed on as upper-case ASCII text.
        date_formats: strptime patterns, tried in order after ISO.
        sexes: code -> "M" or "F"; the plain codes (M, MALE, 1, F, FEMALE, 2 ...) when
            None.
        split_forename: words after the first forename go to middle_names; when None, if
            no column holds middle names.
        forms: column -> a format of CODE_FORMS, where it is not the role's own.
    """

    roles: Mapping[str, str]
    carry: Sequence[str] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    date_formats: Sequence[str] = (dates.ISO,)
    sexes: Mapping[str, str] | None = None
    split_forename: bool | None = None
    forms: Mapping[str, str] = field(default_factory=dict)

    @property
    def splits(self) -> bool:
        return (
            ("middle_names" not in self.roles)
            if self.split_forename is None
            else self.split_forename
        )

    def description(self, days: Sequence[str]) -> Description:
        """How the columns are read.

        Args:
            days: roles whose columns are days already, which need no reader.
        """
        roles = {r: column for r, column in self.roles.items() if r not in days}
        readers = [self._reader(role, column) for role, column in roles.items()]
        given = tuple(role for role in ("forename", "middle_names") if role in roles)
        if given:
            sources = tuple(roles[role] for role in given)
            names = ("forename", "middle_names")
            readers.append(GivenNames(sources, names, given, splits=self.splits))
        kept = [self._kept(column, name) for column, name in self.texts.items()]
        fields = [role for role in roles if role not in given]
        fields += ["forename", "middle_names"] if given else []
        wanted = [*fields, *map(_text_key, self.texts.values())]
        return Description([*filter(None, readers), *kept], wanted)

    def _reader(self, role: str, column: str) -> Reader | None:
        """How a role's column is read; None of forenames, which are read together."""
        sources, fields = (column,), (role,)
        form = self.forms.get(column)
        if form or role in ("postcode", "former_postcode"):
            return _code_reader(column, role, form)
        if role in ("surname", "former_surname"):
            return FamilyName(sources, fields, (role,))
        if role in DATES:
            formats = tuple(dict.fromkeys((dates.ISO, *self.date_formats)))
            return Day(sources, fields, formats)
        if role == "sex":
            return Sex(sources, fields, codes=_sexes(self))
        if role in _NUMBERS:
            return Number(sources, fields, role)
        others = {"email": Email, "phone": Phone, "address": Text}
        return others[role](sources, fields) if role in others else None

    def _kept(self, column: str, name: str) -> Reader:
        form = self.forms.get(column)
        if form:
            return _code_reader(column, _text_key(name), form)
        return Text((column,), (_text_key(name),))


def _code_reader(column: str, name: str, form: str | None) -> Reader:
    """A British postcode where no form is given."""
    if form == "number":
        return Number((column,), (name,))
    return Postcode((column,), (name,), "code" if form else "unit")


def standard_view(
    engine: Engine, table: Table, persons: PersonColumns
) -> tuple[Table, list[Table]]:
    """Persons as `records` has them: one form for each identifier, and `problems`.

    An identifier that no column holds is NULL. Columns may be text or typed; a text
    that is not a date in any of the formats becomes NULL and is flagged.

    Args:
        table: one row a record.

    Returns:
        A view with the columns carry, IDENTIFIERS in their order, valid_from, valid_to,
        those of former_*, email, phone, address and `texts` that are mapped, and
        problems INTEGER; and the tables behind it, which the caller drops.

    Raises:
        ConfigError: an unknown role, or a column that the table lacks.
    """
    _check(table, persons)
    kinds = types_of(engine, table)
    days = [r for r, c in persons.roles.items() if r in DATES and is_day(kinds[c])]
    carry = {column: quote(column) for column in persons.carry}
    carry |= {_raw(role): day_of(persons.roles[role]) for role in days}
    carry |= {
        _raw(role): f"{text_of(column, kinds[column])} is not null"
        for role, column in persons.roles.items()
        if role in PROBLEMS and role not in days
    }
    description = persons.description(days)
    standard = standardise(engine, table, description, carry)
    values = {name: _value(name, persons, days) for name in _names_of(persons)}
    typed = ", ".join(f"{value} as {quote(name)}" for name, value in values.items())
    texts = ", ".join(
        f"{quote(_text_key(name))} as {quote(name)}" for name in persons.texts.values()
    )
    known = {role: quote(_raw(role)) for role in persons.roles if role in PROBLEMS}
    handed_on = [columns([*persons.carry, *values, *persons.texts.values()])]
    handed_on += [f"cast({_problems(persons, known, days)} as integer) as problems"]
    raw = "".join(f", {text}" for text in known.values())
    first = ", ".join(part for part in (columns(persons.carry), typed, texts) if part)
    view = engine.sql(
        f"""
        with typed as (
            select {first}{raw} from {{standard}}
        )
        select {", ".join(handed_on)} from typed
        """,
        standard=standard.table,
    )
    return view, [*standard.tables]


def _names_of(persons: PersonColumns) -> list[str]:
    """Identifiers and dates, which every source has, and its other roles."""
    others = [role for role in (*FORMER, *OTHER) if role in persons.roles]
    return [*IDENTIFIERS, "valid_from", "valid_to", *others]


def _raw(role: str) -> str:
    return f"raw {role}"  # with a blank, so that no column of a file has the name


def sex_codes(frame: Mapping[str, str]) -> dict[str, str]:
    """A code frame's codes of the sexes that linkage compares: code -> "M" or "F", by
    its labels.
    """
    labels = identifier_rules().sex.labels
    return {
        code.upper(): labels[label] for code, label in frame.items() if label in labels
    }


def _check(table: Table, persons: PersonColumns) -> None:
    known = {*IDENTIFIERS, *DATES, *FORMER, *OTHER}
    if unknown := [role for role in persons.roles if role not in known]:
        raise ConfigError(
            f"no role '{unknown[0]}'\n  there are {', '.join(sorted(known))}"
        )
    names = (*persons.roles.values(), *persons.carry, *persons.texts)
    if absent := [column for column in names if column not in table.columns]:
        raise ConfigError(
            f"the table has no column '{absent[0]}'\n  it has "
            f"{', '.join(table.columns)}"
        )


def _text_key(name: str) -> str:
    return f"x:{name}"  # apart from the roles, whose names it may bear


def _value(name: str, persons: PersonColumns, days: Sequence[str]) -> str:
    """A SQL expression over what was standardised."""
    made = name == "middle_names" and "forename" in persons.roles
    if name not in persons.roles and not made:
        return f"cast(null as {'date' if name in DATES else 'varchar'})"
    if name not in DATES:
        return quote(name)
    day = quote(_raw(name)) if name in days else f"try_cast({quote(name)} as date)"
    return f"case when not {default_date(day)} then {day} end" if name == "dob" else day


def _problems(
    persons: PersonColumns, known: Mapping[str, str], days: Sequence[str]
) -> str:
    """The sum of flags, as a SQL expression.

    Args:
        known: role to whether a row has a value of it; of `days` to the day.
    """
    conditions = {role: f"{raw} and {role} is null" for role, raw in known.items()}
    if "upn" in known:
        temporary = f"{is_temporary_upn('upn')} and upn is not null"
        conditions["upn"] += f" or ({temporary})"
    if "dob" in days:
        raw = known["dob"]
        conditions["dob"] = f"{default_date(raw)} or {first_of_january(raw)}"
    elif "dob" in known:
        conditions["dob"] += f" or {first_of_january('dob')}"
    if nameless := [
        f"{role} is null" for role in ("forename", "surname") if role in persons.roles
    ]:
        conditions["name"] = " or ".join(nameless)
    return (
        " + ".join(
            f"case when {test} then {PROBLEMS[role]} else 0 end"
            for role, test in conditions.items()
        )
        or "0"
    )


def _sexes(persons: PersonColumns) -> Mapping[str, str]:
    if persons.sexes:
        return persons.sexes
    # A frame whose labels name neither sex gives a code that nothing equals, so that
    # all become NULL with a flag.
    return identifier_rules().sex.plain if persons.sexes is None else {"": ""}
