"""Names that one file writes in a script without vowels, as Arabic and Hebrew are, and the other in Latin letters.

خالد is khld to whoever transliterates it sign by sign, and Khaled, Khalid or Haled in a passport: the consonants are
what all of them have, and what is compared (decision 106).
"""

import re
from collections.abc import Mapping, Sequence

from anyascii import anyascii

from linkage.adhoc.files.columns_made import as_text, counted, expressed, looked_up
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.engine import Engine

NAMES = ("forename", "middle_names", "surname", "second_surname", "father_name", "mother_name")
"""Fields of names, which are compared by their consonants."""

NOTE = "names are compared by their consonants: one file writes them in a script without vowels"

AS_WRITTEN = "name_as_written"
"""A field that is not compared: what is left of names says little to whoever looks at a pair."""

WITHOUT_VOWELS = "[\u05d0-\u05ea\u0620-\u064a\u066e-\u06d3]"
"""A sign of such a script."""

_VOWELS = re.compile("[AEIOUWY]")  # W and Y write long ones
_END = "Y"  # of each word, so that none is a title (MR of Omar), a particle (L) or one sign over and over (LL of Layla)
_TWICE = re.compile(r"(.)\1+")


def column_of(engine: Engine, file: PersonFile, column: str) -> tuple[PersonFile, str]:
    """The file with a column of the consonants of names, and what it is called."""
    texts = {value: (consonants(value),) for value in counted(engine, file, column)}
    new, (name,) = looked_up(engine, file, column, texts, ["consonants"])
    return new, name


def as_written(
    engine: Engine, files: Sequence[PersonFile], fields: Sequence[Mapping[str, str]]
) -> list[tuple[PersonFile, str]]:
    """The files with a column of all names as they are written, for people to read, and what it is called.

    Args:
        fields: of each file as it was before its names were brought to consonants.
    """
    made = []
    for file, of in zip(files, fields, strict=True):
        columns = dict.fromkeys(of[name] for name in NAMES if name in of)
        texts = " || ' ' || ".join(map(as_text, columns))
        made.append(expressed(engine, file, f"trim({texts})", "names as they are written"))
    return made


def consonants(name: str) -> str | None:
    """The consonants of a name's words in capitals, in one spelling; commas stay. None where it has none.

    >>> consonants("خالد"), consonants("Khaled"), consonants("Al-Khatib"), consonants("الخطيب")
    ('KLDY', 'KLDY', 'LKTBY', 'LKTBY')
    >>> consonants("عبد الله"), consonants("Abd Allah"), consonants("Abdullah"), consonants("יוסף"), consonants("Yosef")
    ('BDLY', 'BDLY', 'BDLY', 'SFY', 'SFY')
    """
    rules = vocabulary()["consonants"]
    text = re.sub(rf"[{rules['silent']}]\b|[{rules['long']}]", "", name.replace(*rules["as_one"]))
    if re.search(WITHOUT_VOWELS, text):  # sign by sign: s and h of two signs are no sh
        text = "".join(_in_one_spelling(sign) for sign in text)
    else:
        text = _TWICE.sub(r"\1", _in_one_spelling(text))
    text = re.sub(rf"\b({'|'.join(rules['joined'])}) +(?=[A-Z])", r"\1", text)
    words = (_VOWELS.sub("", word) for word in re.findall("[A-Z]+|,", text))
    found = " ".join(word if word == "," else f"{word[:1]}{word[1:].removesuffix('H')}{_END}" for word in words if word)
    return found.replace(" ,", ",").strip(", ") or None


def _in_one_spelling(text: str) -> str:
    """Capitals, blanks and commas, with what is written in several ways in one."""
    text = re.sub(r"[^A-Z, ]", "", anyascii(text).upper().replace("-", " "))
    spellings: dict[str, str] = vocabulary()["consonants"]["spellings"]
    for written, one in spellings.items():
        text = text.replace(written, one)
    return text
