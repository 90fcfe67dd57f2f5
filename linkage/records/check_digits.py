"""Check digits and forms of UPN, ULN and NINO, as SQL expressions that run on every engine.

Each function takes a SQL expression of cleaned text (upper case, letters and digits alone) and gives a boolean one.
A NULL text gives NULL or false, never true.
"""

from linkage.engine import literal
from linkage.records.rules import identifier_rules


def valid_uln(uln: str) -> str:
    """Ten digits whose last follows from the first nine, and not the temporary number (ESFA, DerivedData_01)."""
    total = " + ".join(f"{_digit(uln, 10 - position)} * {11 - position}" for position in range(1, 10))
    temporary = ", ".join(literal(number) for number in identifier_rules().uln.temporary)
    return (
        f"(regexp_matches({uln}, '^[0-9]{{10}}$') and {uln} not in ({temporary})"
        f" and ({total}) % 11 > 0 and 10 - ({total}) % 11 = {_digit(uln, 0)})"
    )


def valid_upn(upn: str) -> str:
    """A check letter and twelve digits that give it, the last a letter in a temporary number (CBDS)."""
    letters = identifier_rules().upn.letters
    eleven = f"substr({upn}, 2, 11)"
    # A letter counts as its place among the check letters, from 0, as a digit would.
    last = f"(strpos('0123456789', substr({upn}, 13, 1)) + strpos('{letters}', substr({upn}, 13, 1)) - 1)"
    total = " + ".join(
        [*(f"{_digit(eleven, 12 - position)} * {position}" for position in range(2, 13)), f"{last} * 13"]
    )
    return (
        f"(regexp_matches({upn}, '^[{letters}][0-9]{{11}}[0-9{letters}]$')"
        f" and substr({upn}, 1, 1) = substr('{letters}', cast(({total}) % 23 + 1 as integer), 1))"
    )


def is_temporary_upn(upn: str) -> str:
    """A number given until the true one is known: it ends in a letter."""
    return f"regexp_matches({upn}, '[A-Z]$')"


def valid_nino(nino: str) -> str:
    """Two letters, six digits and a suffix that may be missing; no prefix never issued (ESFA, NINumber_01)."""
    rules = identifier_rules().nino
    never = ", ".join(literal(prefix) for prefix in rules.never_issued)
    return f"(regexp_matches({nino}, {literal(rules.form)}) and left({nino}, 2) not in ({never}))"


def _digit(number: str, power: int) -> str:
    """The digit of a text of digits that counts 10 to the power: arithmetic is quicker than cutting text."""
    return f"(try_cast({number} as bigint) // {10**power} % 10)"
