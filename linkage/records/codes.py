"""Postcodes of any country and numbers of persons in one form: what a variable's `format` in the catalogue asks for.

The forms of Britain's own identifiers go by their role (linkage.records.identifiers).
"""

from linkage.catalogue import code_digits

LETTERS_AND_DIGITS = "upper(regexp_replace(raw, '[^A-Za-z0-9]', '', 'g'))"
"""SQL over raw: its capitals and digits, without the signs that one body writes between them and another does not."""


def expressions(form: str, british_postcode: tuple[str, str]) -> tuple[str, str, str]:
    """SQL: cleaned text from raw, the value from cleaned and flagged, and flagged from cleaned.

    - `code`, the postcode of any country: capitals and digits, and a British one as Britain writes it, so that a file
      that says nothing of its postcodes agrees with one that does;
    - `zip`: the first five digits of a ZIP code, whether four more follow or not;
    - `digits-4` and the like: so many digits. As of a ZIP code, the zeros that a column of numbers lost come back;
    - `number`, of a person: capitals and digits, so that 123-45-6789 is 123456789.

    What has no digit, noughts or nines alone stands for none.

    Args:
        form: one for which linkage.catalogue.is_code_form holds.
        british_postcode: SQL over cleaned: the postcode as it is written, and whether it is a British one.
    """
    none = "not regexp_matches(cleaned, '[0-9]') or regexp_matches(cleaned, '^(0*|9*)$')"
    if form == "zip":
        written = "lpad(cleaned, case when length(cleaned) > 5 then 9 else 5 end, '0')"
        return _WITHOUT_FRACTION, f"case when not flagged then left({written}, 5) end", _no_digits(9, none)
    if width := code_digits(form):
        return _WITHOUT_FRACTION, f"case when not flagged then lpad(cleaned, {width}, '0') end", _no_digits(width, none)
    if form == "number":
        return LETTERS_AND_DIGITS, "case when not flagged then cleaned end", f"({none})"
    spaced, valid = british_postcode
    value = f"case when flagged then null when {valid} then {spaced} else cleaned end"
    return LETTERS_AND_DIGITS, value, f"({none})"


# A number that stood in a column with gaps was written 150.0.
_WITHOUT_FRACTION = "regexp_replace(regexp_replace(raw, '[.]0+$', ''), '[^A-Za-z0-9]', '', 'g')"


def _no_digits(most: int, none: str) -> str:
    return f"({none} or not regexp_matches(cleaned, '^[0-9]{{1,{most}}}$'))"
