"""Check digits and forms of UPN, ULN and NINO, as SQL expressions that run on every engine.

Each function takes a SQL expression of cleaned text (upper case, letters and digits alone) and gives a boolean one.
A NULL text gives NULL or false, never true.
"""

from linkage.engine import literal
from linkage.records.rules import identifier_rules


def valid_uln(uln: str) -> str:
    """Ten digits whose last follows from the first nine, and not the temporary number (ESFA, DerivedData_01)."""
    total = " + ".join(f"{_digit(uln, position)} * {11 - position}" for position in range(1, 10))
    temporary = ", ".join(literal(number) for number in identifier_rules().uln_temporary)
    return (
        f"(regexp_matches({uln}, '^[0-9]{{10}}$') and {uln} not in ({temporary})"
        f" and ({total}) % 11 > 0 and 10 - ({total}) % 11 = {_digit(uln, 10)})"
    )


def valid_upn(upn: str) -> str:
    """A check letter and twelve digits that give it, the last a letter in a temporary number (CBDS)."""
    letters = identifier_rules().upn_letters
    # A letter counts as its place among the check letters, from 0, as a digit would.
    letter = f"strpos('{letters}', substr({upn}, 13, 1)) - 1"
    last = f"case when {is_temporary_upn(upn)} then {letter} else {_digit(upn, 13)} end"
    total = " + ".join([*(f"{_digit(upn, position)} * {position}" for position in range(2, 13)), f"({last}) * 13"])
    return (
        f"(regexp_matches({upn}, '^[{letters}][0-9]{{11}}[0-9{letters}]$')"
        f" and substr({upn}, 1, 1) = substr('{letters}', ({total}) % 23 + 1, 1))"
    )


def is_temporary_upn(upn: str) -> str:
    """A number given until the true one is known: it ends in a letter."""
    return f"regexp_matches({upn}, '[A-Z]$')"


def valid_nino(nino: str) -> str:
    """Two letters, six digits and a suffix that may be missing; no prefix never issued (ESFA, NINumber_01)."""
    rules = identifier_rules()
    never = ", ".join(literal(prefix) for prefix in rules.nino_never_issued)
    return f"(regexp_matches({nino}, {literal(rules.nino_form)}) and left({nino}, 2) not in ({never}))"


def _digit(text: str, position: int) -> str:
    # ascii() never fails, where a cast of a letter would: engines may evaluate it before the form is checked.
    return f"(ascii(substr({text}, {position}, 1)) - 48)"
