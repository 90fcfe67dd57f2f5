"""SQL of postcodes, persons' numbers and birth dates: their form, and values that stand
for "not known".
"""

from linkage.engine import literal
from linkage.records.rules import identifier_rules


def letters_and_digits(text: str) -> str:
    """A SQL expression: capitals and digits of a text of ASCII, of which a program may
    have made a number (.0).
    """
    return f"upper(regexp_replace({text}, '[.]0$|[^A-Za-z0-9]', '', 'g'))"


def is_standard_postcode(text: str) -> str:
    """A SQL condition: a British postcode as it is written."""
    rules = identifier_rules().postcode
    sentinels = ", ".join(
        literal(f"{code[:-3]} {code[-3:]}") for code in rules.sentinels
    )
    areas = "".join(
        f" and not starts_with({text}, {literal(area)})"
        for area in rules.sentinel_areas
    )
    return (
        f"(regexp_matches({text}, {literal(rules.standard)}){areas} "
        f"and {text} not in ({sentinels}))"
    )


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
