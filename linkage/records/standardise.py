"""Identifiers of any table of persons in one form, with a flag for each value that was set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from linkage.catalogue import IDENTIFIERS
from linkage.engine import Engine, Table, columns, literal, quote
from linkage.errors import ConfigError
from linkage.records import check_digits, dates
from linkage.records.names import standard_values
from linkage.records.rules import identifier_rules
from linkage.records.values import as_text

PROBLEMS = {"name": 1, "dob": 2, "postcode": 4, "nino": 8, "uln": 16, "upn": 32, "sex": 64}
"""The flags that `problems` is a sum of: what was wrong with which identifier (docs/tables.md)."""

DATES = ("dob", "valid_from", "valid_to")
FORMER = ("former_surname", "former_postcode")
OTHER = ("email", "phone", "address")

_NAME_FORMS = {"surname": "surname", "former_surname": "surname", "middle_names": "whole_forename"}


@dataclass(frozen=True)
class _Field:
    """How one role becomes a column: first cleaned text, then the value, and the flags that it may raise."""

    cleaned: str
    value: str
    problem: str = ""


@dataclass(frozen=True)
class PersonColumns:
    """What the columns of a table of persons are, and how its texts are written."""

    roles: Mapping[str, str]
    carry: Sequence[str] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    date_formats: Sequence[str] = (dates.ISO,)
    sexes: Mapping[str, str] | None = None
    split_forename: bool | None = None

    @property
    def splits(self) -> bool:
        return ("middle_names" not in self.roles) if self.split_forename is None else self.split_forename


def standardise_person_table(
    engine: Engine,
    table: Table,
    roles: Mapping[str, str],
    *,
    carry: Sequence[str] = (),
    texts: Mapping[str, str] | None = None,
    date_formats: Sequence[str] = (dates.ISO,),
    sexes: Mapping[str, str] | None = None,
    split_forename: bool | None = None,
) -> Table:
    """Persons as `records` has them: one form for each identifier, and `problems`.

    Any subset of roles will do: an identifier that no column holds is NULL. Columns may be text or typed; a text that
    is no date in any of the formats becomes NULL and is flagged (a reader that must not lose it looks before).

    Args:
        table: one row a record.
        roles: role -> column. Roles are IDENTIFIERS, valid_from, valid_to, former_surname, former_postcode, email,
            phone and address.
        carry: columns that are handed on as they are.
        texts: column -> name under which it is handed on as upper-case ASCII text.
        date_formats: strptime patterns, tried in order after ISO.
        sexes: code -> "M" or "F"; the plain codes (M, MALE, 1, F, FEMALE, 2 ...) when None.
        split_forename: words after the first forename go to middle_names; when None, if no column holds middle names.

    Returns:
        Columns carry, the identifiers in the order of IDENTIFIERS, valid_from, valid_to, those of former_*, email,
        phone, address and `texts` that are mapped, and problems INTEGER; stored.

    Raises:
        ConfigError: an unknown role, or a column that the table lacks.
    """
    persons = PersonColumns(roles, carry, texts or {}, date_formats, sexes, split_forename)
    view, behind = standard_view(engine, table, persons)
    result = engine.sql("select * from {view}", view=view, store=True)
    engine.drop(view, *behind)
    return result


def standard_view(engine: Engine, table: Table, persons: PersonColumns) -> tuple[Table, list[Table]]:
    """As standardise_person_table, as a view; and the tables behind it, which the caller drops when done with it."""
    _check(table, persons)
    kinds = _types(engine, table)
    fields = {role: _field(role, column, kinds[column], persons) for role, column in persons.roles.items()}
    cleaned = {role: fields[role].cleaned for role in persons.roles}
    cleaned |= {_text_key(name): as_text(column, kinds[column]) for column, name in persons.texts.items()}
    forms = {role: form for role in persons.roles if (form := _name_form(role, persons.splits))}
    forms |= {_text_key(name): "text" for name in persons.texts.values()}

    raw = ", ".join(f"{expression} as {quote(f'r:{key}')}" for key, expression in cleaned.items())
    base = engine.sql(f"select {', '.join(x for x in (columns(persons.carry), raw) if x)} from {{table}}", table=table)
    alias = {key: f"v{index}" for index, key in enumerate(forms)}
    values = {alias[key]: standard_values(engine, base, f"r:{key}", form) for key, form in forms.items()}
    joins = "".join(
        f"\n        left join {{{v}}} as {v} on base.{quote(f'r:{key}')} = {v}.raw" for key, v in alias.items()
    )
    view = engine.sql(
        f"""
        select {_outputs(persons, fields, alias)}
        from {{base}} as base{joins}
        """,
        params=None,
        store=False,
        **{"base": base, **values},
    )
    return view, [base, *values.values()]


def sex_codes(frame: Mapping[str, str]) -> dict[str, str]:
    """A code frame's codes of the sexes that linkage compares: code -> "M" or "F", by its labels."""
    labels = identifier_rules().sex_labels
    return {code.upper(): labels[label] for code, label in frame.items() if label in labels}


def _check(table: Table, persons: PersonColumns) -> None:
    known = {*IDENTIFIERS, *DATES, *FORMER, *OTHER}
    if unknown := [role for role in persons.roles if role not in known]:
        raise ConfigError(f"no role '{unknown[0]}'\n  there are {', '.join(sorted(known))}")
    named = (*persons.roles.values(), *persons.carry, *persons.texts)
    if absent := [column for column in named if column not in table.columns]:
        raise ConfigError(f"the table has no column '{absent[0]}'\n  it has {', '.join(table.columns)}")


def _types(engine: Engine, table: Table) -> dict[str, pa.DataType]:
    empty = engine.sql("select * from {table} limit 0", table=table)
    schema = engine.arrow(empty).schema
    engine.drop(empty)
    return {field.name: field.type for field in schema}


def _text_key(name: str) -> str:
    return f"x:{name}"  # apart from the roles, whose names it may bear


def _field(role: str, column: str, kind: pa.DataType, persons: PersonColumns) -> _Field:
    text, rules, ref = as_text(column, kind), identifier_rules(), f"base.{quote(f'r:{role}')}"
    letters_and_digits = f"upper(regexp_replace({text}, '[^A-Za-z0-9]', '', 'g'))"
    if role in DATES:
        return _date(role, column, kind, ref, persons.date_formats)
    if role in ("postcode", "former_postcode"):
        area = " and ".join(f"not starts_with({ref}, {literal(a)})" for a in rules.postcode_sentinel_areas)
        sentinels = ", ".join(literal(code) for code in rules.postcode_sentinels)
        valid = f"regexp_matches({ref}, {literal(rules.postcode_form)}) and {area} and {ref} not in ({sentinels})"
        value = f"case when {valid} then left({ref}, length({ref}) - 3) || ' ' || right({ref}, 3) end"
        return _Field(letters_and_digits, value, f"{ref} is not null and not ({valid})")
    if role == "nino":
        valid = check_digits.valid_nino(ref)
        # The suffix says nothing of the person and is often missing: eight characters are the number.
        value = f"case when {valid} then left({ref}, 8) end"
        return _Field(letters_and_digits, value, f"{ref} is not null and not {valid}")
    if role == "uln":
        valid = check_digits.valid_uln(ref)
        return _Field(letters_and_digits, f"case when {valid} then {ref} end", f"{ref} is not null and not {valid}")
    if role == "upn":
        valid, temporary = check_digits.valid_upn(ref), check_digits.is_temporary_upn(ref)
        flagged = f"{ref} is not null and (not {valid} or {temporary})"
        return _Field(letters_and_digits, f"case when {valid} then {ref} end", flagged)
    if role == "sex":
        return _sex(text, ref, rules.sex_plain if persons.sexes is None else persons.sexes)
    if role in ("husid", "phone"):
        return _Field(f"nullif({letters_and_digits}, '')", ref)
    return _Field(text, ref)  # names, email and address: by the tables of distinct values


def _date(role: str, column: str, kind: pa.DataType, ref: str, formats: Sequence[str]) -> _Field:
    text = as_text(column, kind)
    if pa.types.is_date(kind):
        read, unread = quote(column), "false"
    elif pa.types.is_timestamp(kind):
        read, unread = f"cast({quote(column)} as date)", "false"
    else:
        read, unread = dates.parsed(text, tuple(dict.fromkeys((dates.ISO, *formats)))), f"({text}) is not null"
    if role != "dob":
        return _Field(read, ref)
    defaults = ", ".join(literal(day) for day in identifier_rules().date_sentinels)
    # A text that is no date is carried as the first sentinel, so that one column says both: NULL with a flag.
    cleaned = read if unread == "false" else f"coalesce({read}, case when {unread} then {defaults.split(', ')[0]} end)"
    value = f"case when {ref} not in ({defaults}) then {ref} end"
    return _Field(cleaned, value, f"{ref} in ({defaults}) or (month({ref}) = 1 and day({ref}) = 1)")


def _sex(text: str, ref: str, codes: Mapping[str, str]) -> _Field:
    cases = " ".join(f"when {literal(code)} then {literal(sex)}" for code, sex in codes.items())
    value = f"case {ref} {cases} end" if cases else "cast(null as varchar)"
    known = f"{ref} in ({', '.join(literal(code) for code in codes)})" if codes else "false"
    return _Field(f"upper({text})", value, f"{ref} is not null and not {known}")


def _name_form(role: str, split: bool) -> str | None:
    if role == "forename":
        return "forenames" if split else "whole_forename"
    return _NAME_FORMS.get(role) or ("text" if role in ("email", "address") else None)


def _outputs(persons: PersonColumns, fields: Mapping[str, _Field], alias: Mapping[str, str]) -> str:
    """The select list of the last step."""
    roles = persons.roles

    def value(role: str) -> str:
        kind = "date" if role in DATES else "varchar"
        if role == "middle_names" and persons.splits and "forename" in roles:
            own = f"{alias[role]}.name" if role in roles else "cast(null as varchar)"
            others = f"{alias['forename']}.others"
            return f"case when {others} is null then {own} else {others} || coalesce(' ' || {own}, '') end"
        if role in alias:
            return f"{alias[role]}.name"
        return f"cast({fields[role].value if role in roles else 'null'} as {kind})"

    lines = [f"base.{quote(column)}" for column in persons.carry]
    lines += [f"{value(role)} as {quote(role)}" for role in (*IDENTIFIERS, "valid_from", "valid_to")]
    lines += [f"{value(role)} as {quote(role)}" for role in (*FORMER, *OTHER) if role in roles]
    lines += [f"{alias[_text_key(name)]}.name as {quote(name)}" for name in persons.texts.values()]
    return ",\n               ".join([*lines, f"cast({_problems(roles, fields, alias)} as integer) as problems"])


def _problems(roles: Mapping[str, str], fields: Mapping[str, _Field], alias: Mapping[str, str]) -> str:
    flags = [
        f"case when {fields[role].problem} then {flag} else 0 end"
        for role, flag in PROBLEMS.items()
        if role in roles and fields[role].problem
    ]
    if nameless := [f"{alias[role]}.name is null" for role in ("forename", "surname") if role in roles]:
        flags.append(f"case when {' or '.join(nameless)} then {PROBLEMS['name']} else 0 end")
    return " + ".join(flags) or "0"
