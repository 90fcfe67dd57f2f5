"""Postcodes, numbers and birth dates in one form, and whether a value was rejected, on
a column's distinct values.

Values that are in form already are not among the values that are looked up.
"""

from collections.abc import Sequence

from linkage.engine import Engine, Table, literal, quote
from linkage.records import dates
from linkage.records.rules import identifier_rules

LETTERS_AND_DIGITS = "upper(regexp_replace(raw, '[^A-Za-z0-9]', '', 'g'))"
"""SQL over raw: its capitals and digits, without separators."""


def standard_identifiers(
    engine: Engine,
    table: Table,
    column: str,
    role: str,
    date_formats: Sequence[str],
    *,
    form: str | None = None,
) -> Table:
    """The distinct values of a text column with their standard form.

    A person's number or postcode stands on many rows: each is checked once, and looked
    up where it stands. Postcodes that are in form are left out, so that a large file's
    million of them are neither counted nor joined.

    Args:
        table: any table with the text column `column`, trimmed.
        role: "postcode", "former_postcode", "nino", "uln", "upn", "husid", "phone" or a
            date: "dob", "valid_from", "valid_to".
        date_formats: strptime patterns, tried in order.
        form: "code" for postcodes of any country, "number" for numbers of persons; the
            role's own when None.

    Returns:
        Columns raw (distinct, no NULL), name (the standard form, DATE for dates, or
        NULL) and flagged BOOLEAN; stored. Any other text is its own standard form, and
        not flagged.
    """
    clean_text, value, flagged = (
        _code_expressions(form) if form else _expressions(role, date_formats)
    )
    known = quote(column)
    others = (
        f"{known} is not null and not "
        f"{_in_form(role, known) if form is None else 'false'}"
    )
    return engine.sql(
        f"""
        with distinct_values as (
            select distinct {known} as raw from {{table}} where {others}
        ),
        cleaned_values as (
            select raw, {clean_text} as cleaned from distinct_values
        ),
        judged as (
            select raw, cleaned, {flagged} as flagged from cleaned_values
        )
        select raw, {value} as name, flagged from judged
        """,
        table=table,
        store=True,
    )


def _code_expressions(form: str) -> tuple[str, str, str]:
    """As `_expressions`, of a code without a form of its own. One without a digit, or
    of zeros or nines alone, is none.

    A British postcode among those of any country is written as Britain writes it.
    """
    none = (
        "(not regexp_matches(cleaned, '[0-9]') or regexp_matches(cleaned, '^(0*|9*)$'))"
    )
    if form == "number":
        return LETTERS_AND_DIGITS, "case when not flagged then cleaned end", none
    code, valid = _british_postcode()
    return (
        LETTERS_AND_DIGITS,
        f"case when flagged then null when {valid} then {code} else cleaned end",
        none,
    )


def _in_form(role: str, raw: str) -> str:
    """A SQL expression: a raw value is its own standard form."""
    if role not in ("postcode", "former_postcode"):
        return "false"
    rules = identifier_rules().postcode
    sentinels = ", ".join(
        literal(f"{code[:-3]} {code[-3:]}") for code in rules.sentinels
    )
    areas = "".join(
        f" and not starts_with({raw}, {literal(area)})" for area in rules.sentinel_areas
    )
    return (
        f"(regexp_matches({raw}, {literal(rules.standard)}){areas} and {raw} not "
        "in "
        f"({sentinels}))"
    )


def letters_and_digits(text: str) -> str:
    """A SQL expression: capitals and digits of a text of ASCII, of which a program may
    have made a number (.0).
    """
    return f"upper(regexp_replace({text}, '[.]0$|[^A-Za-z0-9]', '', 'g'))"


def is_standard_postcode(text: str) -> str:
    """A SQL condition: a British postcode as it is written."""
    return _in_form("postcode", text)


def is_british_postcode(code: str) -> str:
    """A SQL condition on capitals and digits: a British postcode."""
    return f"({_valid_postcode(code)})"


def british_postcode(code: str) -> str:
    """A SQL expression: capitals and digits of a British postcode as it is written."""
    return f"left({code}, length({code}) - 3) || ' ' || right({code}, 3)"


def default_date(day: str) -> str:
    """A SQL expression: a birth date that stands for "not known"."""
    return (
        f"{day} in "
        f"({', '.join(literal(value) for value in identifier_rules().date.sentinels)})"
    )


def first_of_january(day: str) -> str:
    """A SQL expression: a birth date on 1 January, where too many are."""
    return f"(month({day}) = 1 and day({day}) = 1)"


def _expressions(role: str, date_formats: Sequence[str]) -> tuple[str, str, str]:
    """Cleaned text or date from raw, the value from cleaned and flagged, and flagged
    from cleaned.
    """
    if role in ("postcode", "former_postcode"):
        code, valid = _british_postcode()
        return (
            LETTERS_AND_DIGITS,
            f"case when not flagged then {code} end",
            f"not ({valid})",
        )
    if role == "nino":
        # The suffix says nothing of the person and is often missing: eight characters
        # are the number.
        value = "case when not flagged then left(cleaned, 8) end"
        return LETTERS_AND_DIGITS, value, f"not {valid_nino('cleaned')}"
    if role == "uln":
        return (
            LETTERS_AND_DIGITS,
            "case when not flagged then cleaned end",
            f"not {valid_uln('cleaned')}",
        )
    if role == "upn":
        valid, temporary = valid_upn("cleaned"), is_temporary_upn("cleaned")
        return (
            LETTERS_AND_DIGITS,
            f"case when {valid} then cleaned end",
            f"(not {valid} or {temporary})",
        )
    if role == "husid":
        return LETTERS_AND_DIGITS, "nullif(cleaned, '')", "false"
    if role == "phone":  # words, and one digit over and over, stand for none
        digits = "regexp_replace(cleaned, '[^0-9]', '', 'g')"
        others = f"replace({digits}, substr({digits}, 1, 1), '')"
        return (
            LETTERS_AND_DIGITS,
            f"case when length({others}) > 0 then cleaned end",
            "false",
        )
    if role == "dob":
        value = f"case when not {default_date('cleaned')} then cleaned end"
        flagged = (
            f"(cleaned is null or {default_date('cleaned')} or "
            f"{first_of_january('cleaned')})"
        )
        return dates.parsed("raw", date_formats), value, flagged
    return dates.parsed("raw", date_formats), "cleaned", "false"


def _british_postcode() -> tuple[str, str]:
    """SQL over `cleaned`: the postcode as it is written, and whether it is a British
    one.
    """
    return (
        "left(cleaned, length(cleaned) - 3) || ' ' || right(cleaned, 3)",
        _valid_postcode("cleaned"),
    )


def _valid_postcode(code: str) -> str:
    rules = identifier_rules().postcode
    areas = "".join(
        f" and not starts_with({code}, {literal(area)})"
        for area in rules.sentinel_areas
    )
    sentinels = ", ".join(literal(sentinel) for sentinel in rules.sentinels)
    return (
        f"regexp_matches({code}, {literal(rules.form)}){areas} and {code} not in "
        f"({sentinels})"
    )


# Check digits. Each function takes SQL of cleaned text (capitals and digits) and gives
# SQL of a boolean: a NULL text gives NULL or false, never true.


def valid_uln(uln: str) -> str:
    """Ten digits whose last follows from the first nine, and not the temporary number
    (ESFA, DerivedData_01).
    """
    total = " + ".join(
        f"{_digit(uln, 10 - position)} * {11 - position}" for position in range(1, 10)
    )
    temporary = ", ".join(
        literal(number) for number in identifier_rules().uln.temporary
    )
    return (
        f"(regexp_matches({uln}, '^[0-9]{{10}}$') and {uln} not in ({temporary})"
        f" and ({total}) % 11 > 0 and 10 - ({total}) % 11 = {_digit(uln, 0)})"
    )


def valid_upn(upn: str) -> str:
    """A check letter and twelve digits that give it, the last a letter in a temporary
    number (CBDS).
    """
    letters = identifier_rules().upn.letters
    digits = f"substr({upn}, 2, 11)"
    # A letter counts as its place among the check letters, from 0, as a digit would.
    last = (
        f"(strpos('0123456789', substr({upn}, 13, 1)) + strpos('{letters}', "
        f"substr({upn}, 13, 1)) - 1)"
    )
    total = " + ".join(
        [
            *(
                f"{_digit(digits, 12 - position)} * {position}"
                for position in range(2, 13)
            ),
            f"{last} * 13",
        ]
    )
    return (
        f"(regexp_matches({upn}, '^[{letters}][0-9]{{11}}[0-9{letters}]$')"
        f" and substr({upn}, 1, 1) = substr('{letters}', cast(({total}) % 23 + 1 as "
        "integer), 1))"
    )


def is_temporary_upn(upn: str) -> str:
    """A number given until the true one is known: it ends in a letter."""
    return f"regexp_matches({upn}, '[A-Z]$')"


def valid_nino(nino: str) -> str:
    """Two letters, six digits and a suffix that may be missing; no prefix never issued
    (ESFA, NINumber_01).
    """
    rules = identifier_rules().nino
    prefixes = ", ".join(literal(prefix) for prefix in rules.never_issued)
    return (
        f"(regexp_matches({nino}, {literal(rules.form)}) and left({nino}, 2) not "
        "in "
        f"({prefixes}))"
    )


def _digit(number: str, power: int) -> str:
    """The digit of a text of digits that counts 10 to the power: arithmetic is quicker
    than cutting text.
    """
    return f"(try_cast({number} as bigint) // {10**power} % 10)"
