"""The name of a column, made of what tells one name from another: letters, or words."""

import re
import unicodedata

from anyascii import anyascii


def in_own_script(name: str) -> str:
    """The name in its own script, in lower case without blanks and signs."""
    return "".join(sign for sign in name.lower() if unicodedata.category(sign)[0] not in "PSZC")


def in_latin(name: str) -> str:
    """The name in lower-case ASCII, letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", anyascii(name).lower())


def words_of(name: str) -> list[str]:
    """Its words and numbers in lower-case ASCII: fec, nac of FEC_NAC and of fecNac."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", anyascii(name))]
