"""The same thing written in two ways: letters with marks, codes of sex, postcodes of other countries."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from anyascii import anyascii

from linkage.adhoc.files.columns_made import Texts, counted, each_value, looked_up
from linkage.adhoc.files.forms import british
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.files.unknown import says_unknown
from linkage.adhoc.headers.recognise import legal_forms, sex_frames
from linkage.adhoc.headers.vocabulary import vocabulary
from linkage.adhoc.names.full_names import Counts
from linkage.engine import Engine

WITH_LETTERS = ("forename", "middle_names", "surname", "second_surname", "town", "address")
"""Fields in which a letter with a mark may be written as two."""

_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "đ": "dj"}
_AS_TWO = str.maketrans(_TWO | {letter.upper(): two.upper() for letter, two in _TWO.items()})
_BITS = {"1": "M", "1.0": "M", "0": "F", "0.0": "F"}
_PARTED = frozenset("АЗЕИОПТФΑΕΙΟב")  # first letters of legal forms in scripts that part words
_COMPANIES = 0.3  # share of values with a legal form, from which a column is of companies
_MOST = 0.5  # share of a column's rows: more of them are what the column is
_MOSTLY_BRITISH = 0.8  # more of a column's values have the form, and it is one of British postcodes
_LOST_ZEROS = 2  # digits by which a postcode may be too short

Held = tuple[PersonFile, str]
"""A file and a column of it."""


def letters(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns in which ü is written ue, where the other file writes it so.

    Which of MULLER and MUELLER stands for Müller is seen by which of them the other file has more often.
    """
    values = [counted(engine, file, column) for file, column in held]
    result = []
    for number, ((file, column), of) in enumerate(zip(held, values, strict=True)):
        marked = [value for value in of if not value.isascii() and value.translate(_AS_TWO) != value]
        others = values[1 - number] if len(held) > 1 else of
        if marked and _better_as_two(marked, {anyascii(value).upper() for value in others}):
            texts = {value: (value.translate(_AS_TWO),) for value in of}
            file, (column,) = looked_up(engine, file, column, texts, ["letters"])
        result.append((file, column))
    return result


def _better_as_two(marked: Iterable[str], others: Collection[str]) -> bool:
    pairs = [(anyascii(value).upper(), anyascii(value.translate(_AS_TWO)).upper()) for value in marked]
    return sum(two in others for _, two in pairs) > sum(one in others for one, _ in pairs)


def without_joined_titles(engine: Engine, file: PersonFile, column: str) -> Held:
    """The file with a column of names without titles that stand before them with no blank, where most have one."""
    titles: list[str] = sorted(vocabulary()["joined_titles"], key=len, reverse=True)
    values = counted(engine, file, column)
    texts = {value: (_without_title(value, titles),) for value in values if not value.isascii()}
    changed = sum(values[value] for value, (name,) in texts.items() if name != value)
    if 2 * changed <= sum(values.values()):
        return file, column
    new, (name,) = looked_up(engine, file, column, {value: (value,) for value in values} | texts, ["name"])
    return new, name


def _without_title(name: str, titles: Sequence[str]) -> str:
    title = next((title for title in titles if name.startswith(title)), "")
    return name.removeprefix(title).strip() or name


def sexes(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of sex as M and F, each by the code frame that fits it; as it is where none does.

    Of 0 and 1 nobody knows which is a man: it is taken to be the same in both files, where both write so.
    """
    values = [counted(engine, file, column) for file, column in held]
    bits = all(map(_are_bits, values))
    result = []
    for (file, column), of in zip(held, values, strict=True):
        if frame := _BITS if bits else frame_of_sex(of, column):
            texts = {value: (frame.get(sex_code(value)),) for value in of}
            file, (column,) = looked_up(engine, file, column, texts, ["sex"])
        result.append((file, column))
    return result


def _are_bits(values: Counts) -> bool:
    codes = {sex_code(value) for value in values if not says_unknown(value)}
    return len(codes) == 2 and codes <= _BITS.keys()


def frame_of_sex(values: Counts, column: str) -> dict[str, str] | None:
    """The frame that tells most rows, as codes to M and F.

    H and M are man and woman in Spain; a frame to which both are men tells nothing. Of frames that fit alike that of
    the header's language is taken: V is a woman under "geslacht" and a man under "sexo".
    """
    known = {value: held for value, held in values.items() if not says_unknown(value)}
    fitting = []
    for frame in sex_frames():
        codes = {code: sex for sex in ("M", "F") for code in frame[sex]}
        sex_of = {value: codes[sex_code(value)] for value in known if sex_code(value) in codes}
        tells = len(set(sex_of.values())) == min(len({sex_code(value) for value in sex_of}), 2)
        rows = sum(known[value] for value in sex_of)
        is_spoken = anyascii(column).lower() in frame.get("headers", ())
        if rows > _MOST * sum(known.values()):
            fitting.append(((tells, rows, is_spoken), codes))
    return max(fitting, key=lambda ranked: ranked[0])[1] if fitting else None


def sex_code(value: str) -> str:
    """A value of a column of sexes as code frames write it."""
    code: str = anyascii(value).upper().strip(" .")
    return code


def organisations(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of names of companies, without legal forms: SMITH SONS of Smith & Sons Ltd. and of Smith and Sons."""
    return each_value(engine, held, "organisation", _without_legal_form)


def are_of_companies(values: Mapping[str, int]) -> bool:
    """Whether many of a column's values end in a legal form: makers and employers, whatever the column is called."""
    bodies = sum(held for value, held in values.items() if (words_of_body(value) or [""])[-1] in legal_forms())
    return bodies >= _COMPANIES * sum(values.values()) > 0


def _without_legal_form(value: str) -> str | None:
    words = words_of_body(value if value.isascii() else _forms_in_script().sub(" ", value)) or words_of_body(value)
    kept = [word for word in words if word not in legal_forms() and word != "AND"]
    return " ".join(kept or words) or None


@functools.cache
def _forms_in_script() -> re.Pattern[str]:
    """Legal forms of scripts that part no words, anywhere; of the others as words of their own."""
    forms = sorted(vocabulary()["legal_forms_in_script"], key=len, reverse=True)
    parted = [rf"(?<!\w){re.escape(form)}(?!\w)" if form[0] in _PARTED else re.escape(form) for form in forms]
    return re.compile("|".join(parted))


def words_of_body(value: str) -> list[str]:
    """Words and numbers of a name of a company or place, in upper-case ASCII: S.A. and S/A are SA, Joe's is JOES.

    >>> words_of_body("Müller & Söhne A/S"), words_of_body("St. Mary's, No. 2")
    (['MULLER', 'SOHNE', 'AS'], ['ST', 'MARYS', 'NO', '2'])
    """
    text = re.sub(r"\b([A-Z])/([A-Z])\b", r"\1\2", anyascii(value).upper())
    return re.findall("[A-Z0-9]+", re.sub("[.'`]", "", text))


def postcodes(engine: Engine, held: Sequence[Held]) -> list[Held]:
    """Columns of postcodes as letters and digits, of one length where they are digits alone.

    A spreadsheet drops the first zeros of 06620, and one file gives nine digits where another gives the first five:
    the length that most have is that of a file, and the shorter of both is compared; but where more stand in both files
    with their first zeros, as in a region all of whose postcodes begin with one, the longer. British ones stay as they
    are, but where one file has districts or sectors alone, that is all that is compared.
    """
    if all(british(engine, file, column) for file, column in held):
        return list(held)
    values = [counted(engine, file, column) for file, column in held]
    if known := min(map(_british_parts, values)):
        return each_value(engine, held, "postcode", lambda value: _district(value, known))
    lengths = [_usual_length(of) for of in values]
    shortest = min(lengths)
    made = _of_lengths(values, lengths, shortest)
    for longer in range(shortest + 1, min(shortest + _LOST_ZEROS, max(lengths)) + 1) if shortest else ():
        with_zeros = _of_lengths(values, [max(length, longer) for length in lengths], longer)
        made = max(made, with_zeros, key=_in_common)
    result = []
    for (file, column), texts in zip(held, made, strict=True):
        new, (name,) = looked_up(engine, file, column, texts, ["postcode"])
        result.append((new, name))
    return result


def _of_lengths(values: Sequence[Counts], usual: Sequence[int], compared: int) -> list[Texts]:
    """Of each file its postcodes, and what is compared of them."""
    return [
        {value: (_of_length(_cleaned(value), length, compared),) for value in of}
        for of, length in zip(values, usual, strict=True)
    ]


def _in_common(made: Sequence[Texts]) -> int:
    """Postcodes that stand in every file."""
    return len(set.intersection(*({code for (code,) in of.values() if code} for of in made)))


_AREA = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)(?: ?([0-9])([A-Z]{2})| ([0-9]))?")
"""A British postcode, its sector or its district alone; a sector without a blank cannot be told from a district."""
_UNIT, _SECTOR, _DISTRICT = 3, 2, 1


def _area(value: str) -> re.Match[str] | None:
    return _AREA.fullmatch(" ".join(value.upper().split()))


def _british_parts(values: Counts) -> int:
    """Whether most of a file's postcodes are British units, sectors or districts; 0 where they are none."""
    fits = [(_area(value), held) for value, held in values.items()]
    shares = {
        _UNIT: sum(held for match, held in fits if match and match[3]),
        _SECTOR: sum(held for match, held in fits if match and match[4]),
        _DISTRICT: sum(held for match, held in fits if match and not match[2] and not match[4]),
    }
    if sum(shares.values()) <= _MOSTLY_BRITISH * sum(values.values()):
        return 0
    return max(shares, key=lambda parts: shares[parts])


def _district(value: str, parts: int) -> str | None:
    """A British postcode to the precision that both files have."""
    match = _area(value)
    if match is None:
        return None
    return match[1] + (f" {match[2] or match[4] or ''}".rstrip() if parts >= _SECTOR else "")


def _cleaned(value: str) -> str:
    """Letters and digits; a number that a spreadsheet made of it has no decimals."""
    return re.sub(r"[^A-Z0-9]", "", re.sub(r"\.0$", "", anyascii(value).upper()))


def _share(values: Counts, fits: Callable[[str], bool]) -> float:
    return sum(held for value, held in values.items() if fits(value)) / max(sum(values.values()), 1)


def _usual_length(values: Counts) -> int:
    """Digits that most of a file's postcodes have; 0 where most are not digits alone."""
    if _share(values, lambda value: _cleaned(value).isdigit()) <= _MOST:
        return 0
    lengths = Counter[int]()
    for value, held in values.items():
        lengths[len(_cleaned(value))] += held
    return max(lengths, key=lambda length: (lengths[length], length))


def _of_length(code: str, usual: int, compared: int) -> str | None:
    if usual and code.isdigit() and usual - _LOST_ZEROS <= len(code) < usual:
        code = code.zfill(usual)
    return (code[:compared] if compared and code.isdigit() else code) or None
