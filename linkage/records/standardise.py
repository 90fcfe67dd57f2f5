"""Identifiers of any table of persons in one form, with a flag for each
rejected value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.catalogue import PROBLEMS
from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table, columns, literal, quote, types_of
from linkage.errors import ConfigError
from linkage.records import dates
from linkage.records.identifiers import (
    default_date,
    first_of_january,
    standard_identifiers,
)
from linkage.records.names import standard_names
from linkage.records.rules import identifier_rules
from linkage.records.values import as_text, day_of, is_day

DATES = ("dob", "valid_from", "valid_to")
FORMER = ("former_surname", "former_postcode")
OTHER = ("email", "phone", "address")

_NAME_FORMS = {
    "surname": "surname",
    "former_surname": "surname",
    "middle_names": "whole_forename",
}


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

    def column(self, key: str) -> str:
        """The column behind a role, or behind a text's key."""
        return self.roles.get(key) or next(
            (c for c, name in self.texts.items() if _text_key(name) == key), key
        )


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
    days = {
        role: column
        for role, column in persons.roles.items()
        if role in DATES and is_day(kinds[column])
    }
    texts = {role: column for role, column in persons.roles.items() if role not in days}
    texts |= {_text_key(name): column for column, name in persons.texts.items()}
    raw = {key: as_text(column, kinds[column]) for key, column in texts.items()}
    raw |= {role: day_of(column) for role, column in days.items()}
    expressions = ", ".join(
        f"{expression} as {quote(f'r:{key}')}" for key, expression in raw.items()
    )
    base = engine.sql(
        f"select {', '.join(x for x in (columns(persons.carry), expressions) if x)} "
        f"from {{table}}",
        table=table,
    )

    lookup_keys = [key for key in raw if key not in days and key != "sex"]
    alias = {key: f"v{index}" for index, key in enumerate(lookup_keys)}
    values = {alias[key]: _values(engine, base, key, persons) for key in lookup_keys}
    for key in [
        key
        for key in lookup_keys
        if key not in DATES and engine.count(values[alias[key]]) == 0
    ]:
        engine.drop(
            values.pop(alias.pop(key))
        )  # all are in form: nothing is to be looked up
    joins = "".join(
        f"\n        left join {{{v}}} as {v} on base.{quote(f'r:{key}')} = {v}.raw"
        for key, v in alias.items()
    )
    view = engine.sql(
        f"""
        select {_outputs(persons, alias)}
        from {{base}} as base{joins}
        """,
        params=None,
        store=False,
        **{"base": base, **values},
    )
    return view, [base, *values.values()]


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


def _values(engine: Engine, base: Table, key: str, persons: PersonColumns) -> Table:
    """The distinct values of one raw column with their standard form; of text, those
    that are not in it.
    """
    if form := _name_form(key, persons):
        return standard_names(engine, base, f"r:{key}", form)
    formats = tuple(dict.fromkeys((dates.ISO, *persons.date_formats)))
    return standard_identifiers(
        engine,
        base,
        f"r:{key}",
        key,
        formats,
        form=persons.forms.get(persons.column(key)),
    )


def _name_form(key: str, persons: PersonColumns) -> str | None:
    """How a column's values are brought into form one by one; None for numbers and
    dates, which SQL does.
    """
    if persons.column(key) in persons.forms:
        return None
    if key == "forename":
        return "forenames" if persons.splits else "whole_forename"
    return _NAME_FORMS.get(key) or (
        "text" if key in ("email", "address") or key not in persons.roles else None
    )


def _text(key: str, alias: Mapping[str, str]) -> str:
    """A text's standard form: what was looked up, and what needed no looking up as it
    is.
    """
    if key not in alias:
        return f"base.{quote(f'r:{key}')}"
    return (
        f"case when {alias[key]}.raw is null then base.{quote(f'r:{key}')} else "
        f"{alias[key]}.name end"
    )


def _outputs(persons: PersonColumns, alias: Mapping[str, str]) -> str:
    """The select list of the last step."""
    lines = [f"base.{quote(column)}" for column in persons.carry]
    lines += [
        f"{_value(role, persons, alias)} as {quote(role)}"
        for role in (*IDENTIFIERS, "valid_from", "valid_to")
    ]
    lines += [
        f"{_value(role, persons, alias)} as {quote(role)}"
        for role in (*FORMER, *OTHER)
        if role in persons.roles
    ]
    lines += [
        f"{_text(_text_key(name), alias)} as {quote(name)}"
        for name in persons.texts.values()
    ]
    return ",\n               ".join(
        [*lines, f"cast({_problems(persons, alias)} as integer) as problems"]
    )


def _value(role: str, persons: PersonColumns, alias: Mapping[str, str]) -> str:
    raw = f"base.{quote(f'r:{role}')}"
    if role == "middle_names" and persons.splits and "forename" in persons.roles:
        own_value = (
            _text(role, alias) if role in persons.roles else "cast(null as varchar)"
        )
        others = (
            f"{alias['forename']}.others"
            if "forename" in alias
            else "cast(null as varchar)"
        )
        return (
            f"case when {others} is null then {own_value} else {others} || "
            f"coalesce(' ' || {own_value}, '') end"
        )
    if role not in persons.roles:
        return f"cast(null as {'date' if role in DATES else 'varchar'})"
    if role in DATES and role in alias:
        return f"{alias[role]}.name"
    if role == "sex":
        cases = " ".join(
            f"when {literal(code)} then {literal(sex)}"
            for code, sex in _sexes(persons).items()
        )
        return f"case upper({raw}) {cases} end"
    if role in DATES:
        return (
            f"case when not {default_date(raw)} then {raw} end"
            if role == "dob"
            else raw
        )
    return _text(role, alias)


def _problems(persons: PersonColumns, alias: Mapping[str, str]) -> str:
    """The sum of flags, as a SQL expression."""
    conditions: dict[str, str] = {}
    for role in PROBLEMS:
        raw = f"base.{quote(f'r:{role}')}"
        if role in alias:
            conditions[role] = f"{alias[role]}.flagged"
        elif role == "dob" and role in persons.roles:  # a date already
            conditions[role] = f"{default_date(raw)} or {first_of_january(raw)}"
        elif role == "sex" and role in persons.roles:
            codes = ", ".join(literal(code) for code in _sexes(persons))
            conditions[role] = f"{raw} is not null and upper({raw}) not in ({codes})"
    if nameless := [
        f"{_text(role, alias)} is null"
        for role in ("forename", "surname")
        if role in persons.roles
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
