"""Split addresses that are written whole, in one column or in lines, into street, town, county and postcode.

Families share an address, and those who move lose it: as one text it says too much of the first, and not of the others
that they moved within their town. The number of a house is left out, since families share it. Nothing is
known of any country's towns; the whole column tells: a piece with a number is a street's, and a town's has none; a name
that has a town before it wherever it stands is a state's or a country's.
"""

import functools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from anyascii import anyascii

from linkage.files.vocabulary import vocabulary

PARTS = ("address", "postcode", "town", "county")  # The fields that an address may hold; `address` is the street
SHARE = 1 / 3  # of a column's addresses that must hold a part, or it is none of theirs
_NEARLY = 0.9  # as many addresses as have the most usual form of postcodes, from which an earlier form is the column's
_ONE_FORM = 0.8  # share of first or last numbers of addresses that have the form of postcodes of digits
_TOWN_FIRST = 0.2  # by how much more addresses begin without a number than end without one
_STATES, _MOST_STATES = 0.8, 60  # share of addresses that end in a code of two or three letters; different codes
_BEYOND = 0.9  # share of a name's addresses with a town before it, from which it is a state's or a country's
_SURE = 7.0  # log-likelihood by which a name has that more often than the others of its column
_PRIOR_ROWS = 3  # addresses, of which a rare name is taken to be as all the others
_ROUNDS = 2  # a country, and a state before it
_ONE_COUNTRY = 0.9  # share of addresses that end in one name, which distinguishes no address then

_APART = re.compile(r"[,;|\n\r\t()\[\]]+|<br ?/?>|\s[-–—/]+\s")
_AROUND = " .:-–—"
_STATE = re.compile(r".*\s([A-Z]{2,3})")
_STATE_END = re.compile(r"\s([A-Za-z]{2,3})[\s,]*$")
_NUMBER = r"(?:[A-Z]{1,2}[-/. ]?)?[0-9]+(?: ?[-/&] ?[0-9]+)*[-/]?[A-Z]?\b"
_DIGIT = re.compile("[0-9]")
_HOUSE = r"(?<!\w)\d{1,3}[a-zA-Z]?(?!\w)"
_HOUSE_AND_MORE = re.compile(rf"(?:[^\W\d_]{{2}}.*{_HOUSE}|^{_HOUSE}.*[^\W\d_]{{2}}).*[,\n].*[^\W\d_]{{2}}")

Pieces = Sequence[str]
"""What stands between an address's commas and line breaks, the outermost (a country, a town) first; in capitals."""


@dataclass(frozen=True)
class AddressForm:
    """How the addresses of a column are written."""

    postcode: str | None = None  # an expression for it; the first one is it where `code_first`, else the last
    code_first: bool = False
    town_first: bool = False  # the town stands before the street
    states: bool = False  # a code of a state stands after the town without a comma
    beyond: frozenset[str] = frozenset()  # names of states and countries, in capitals
    holds: frozenset[str] = frozenset()  # of PARTS, what stands in the addresses

    def is_town(self, piece: str) -> bool:
        """Whether a piece may be a town."""
        return not _DIGIT.search(piece) and piece not in self.beyond

    def outer(self, text: str) -> tuple[str, list[str]]:
        """The postcode, "" where there is none, and the other pieces as they are written, outermost first."""
        code = ""
        if self.postcode and (match := _postcode_in(self.postcode, self.code_first).match(text)):
            code, text = match[2].upper(), f"{match[1]}, {match[3]}"
        text = _street_forms().number_first.sub(r"\1 ", text)
        text = _STATE_END.sub(r", \1", text) if self.states else text
        pieces = [piece for part in _APART.split(text) if (piece := part.strip(_AROUND))]
        return code, pieces if self.town_first else pieces[::-1]

    def pieces(self, text: str) -> list[str]:
        """The pieces without the postcode, outermost first, in capitals."""
        return [piece.upper() for piece in self.outer(text)[1]]

    def split(self, text: str) -> dict[str, str | None]:
        """The parts of an address, by the names of PARTS."""
        form = self if "postcode" in self.holds else replace(self, postcode=None)
        code, pieces = form.outer(text.upper())
        beyond = [piece for piece in pieces if piece in self.beyond]
        towns = [piece for piece in pieces if self.is_town(piece)] if "town" in self.holds and len(pieces) > 1 else []
        others = [piece for piece in pieces if piece not in (*towns[:1], *beyond)]
        number_only = _street_forms().number_only
        street = [piece for piece in others if _DIGIT.search(piece) and not number_only.fullmatch(piece)] or others
        return {
            "address": _without_number(" ".join(street if self.town_first else street[::-1])) or None,
            "postcode": code or None,
            "town": towns[0] if towns else None,
            "county": beyond[-1] if beyond else None,
        }


class _StreetForms(NamedTuple):
    """Expressions for the numbers of a house (12, No. 12, 3-4a) and of its parts (Flat 4) in a street."""

    # at the start of an address, where a comma separates it from its street: 12, High Street
    number_first: re.Pattern[str]
    number_only: re.Pattern[str]  # a piece that is nothing else
    # those at the start and end of a street, with what stays of it: units first, then the house's number
    around: tuple[tuple[re.Pattern[str], str], ...]


@functools.cache
def _street_forms() -> _StreetForms:
    def words(which: str) -> str:
        longest_first = sorted(vocabulary()["whole_address"][which], key=len, reverse=True)
        return "|".join(r"[. ]*".join(map(re.escape, word.split())) for word in longest_first)

    unit, apart = rf"(?:{words('units')}|#)[.:# ]*{_NUMBER}", r"\s*[,;\n]\s*"
    house = rf"(?:(?:{words('numbers')})[.:# ]*)?#?{_NUMBER}"
    around = (
        (rf"^{unit}[ ,/]+([0-9])", r"\1"),
        (rf"[ ,/]+{unit}$", ""),
        (rf"^{house}[ ,/]+(\S)", r"\1"),
        (rf"(\S)[ ,/]+{house}(?: [A-Z])?$", r"\1"),
    )
    return _StreetForms(
        re.compile(rf"^[\s,;]*((?:{unit}{apart})*{house}){apart}", re.IGNORECASE),
        re.compile(rf"(?:{unit}|{house})", re.IGNORECASE),
        tuple((re.compile(form, re.IGNORECASE), kept) for form, kept in around),
    )


def _without_number(street: str) -> str:
    """A street without the number of the house and of its parts."""
    *units, first, last = _street_forms().around
    for form, kept in units:
        street = form.sub(kept, street)
    after = first[0].sub(first[1], street)
    return (last[0].sub(last[1], street) if after == street else after).strip()


def street_alone(text: str) -> str:
    """The words before the number of a house, or after it where it stands first.

    >>> street_alone("Polna 104 m. 5"), street_alone("12a High Street"), street_alone("12")
    ('Polna', 'High Street', '12')
    """
    words = text.replace(",", " ").split()
    numbered = [any(map(str.isdigit, word)) for word in words]
    first = next((place for place, has in enumerate(numbered) if not has), 0)
    last = next((place for place, has in enumerate(numbered) if has and place > first), len(words))
    return " ".join(words[first:last])


@functools.cache
def _postcode_in(form: str, first: bool) -> re.Pattern[str]:
    greed = "*?" if first else "*"
    return re.compile(rf"^(.{greed})\b(?:[A-Z]{{1,2}}-)?({form})\b(.*)$", re.IGNORECASE | re.DOTALL)


def words_of(name: str) -> str:
    """A name in Latin capitals, without the signs between its words."""
    return " ".join(re.findall(r"[A-Z0-9]+", str(anyascii(name)).upper()))


def holds_whole_addresses(values: Mapping[str, int]) -> bool:
    """Whether most values have the number of a house and more after a comma: a place of residence may be an address."""
    return sum(rows for value, rows in values.items() if _HOUSE_AND_MORE.search(value)) > SHARE * sum(values.values())


@dataclass
class AddressSide:
    """A file's addresses."""

    texts: Sequence[str]  # a sample of whole addresses; empty where the file has none
    own: frozenset[str] = frozenset()  # fields of PARTS that have columns of their own
    towns: Collection[str] | None = None  # values of the column of towns, where the file has one
    form: AddressForm = AddressForm()
    pieces: Sequence[Pieces] = ()


def infer_addresses(sides: Sequence[AddressSide]) -> None:
    """Find how the addresses of each file are written, and what stands in them: `form` of each side.

    Which names are towns, a column of towns of either file tells too.
    """
    for side in sides:
        if side.texts:
            side.form, side.pieces = _form_of(side.texts)
    if not any(side.form.postcode or any(len(pieces) > 1 for pieces in side.pieces) for side in sides):
        return
    own = [frozenset(map(words_of, side.towns)) if side.towns is not None else None for side in sides]
    _find_beyond(sides, own)
    for here, side in enumerate(sides):
        known = own[here] or own[here - 1]
        if known is None and sides[here - 1].pieces:
            known = frozenset(map(words_of, _towns(sides[here - 1].form, sides[here - 1].pieces)))
        side.form = replace(side.form, holds=_holds(side, known))


def _form_of(texts: Sequence[str]) -> tuple[AddressForm, list[Pieces]]:
    form = _with_postcode([text.upper() for text in texts])
    pieces = [form.pieces(text) for text in texts]
    first, last = (sum(form.is_town(of[end]) for of in pieces if of) for end in (-1, 0))
    form = replace(form, town_first=first > last + _TOWN_FIRST * len(texts))
    codes = Counter(code for text in texts if (code := _code_of_state(form.outer(text)[1])))
    if codes.total() > _STATES * len(pieces) and len(codes) <= _MOST_STATES:
        form = replace(form, states=True, beyond=frozenset(codes))
    return form, [form.pieces(text) for text in texts]


def _code_of_state(pieces: Pieces) -> str | None:
    """IL of "Springfield IL"; not ST of "12 MAIN ST"."""
    match = _STATE.fullmatch(pieces[0]) if pieces else None
    is_town = len(pieces) > 1 and not _DIGIT.search(pieces[0])
    return match[1] if match and (is_town or not pieces[0].isupper()) else None


def _with_postcode(texts: Sequence[str]) -> AddressForm:
    """The form of the postcodes, and whether they come first."""
    rules, found = vocabulary()["whole_address"], list[tuple[int, AddressForm]]()
    for form in rules["postcodes"]:
        starts = [match.start() == 0 for text in texts if (match := re.search(rf"\b(?:{form})\b", text, re.ASCII))]
        found.append((len(starts), AddressForm(form, code_first=sum(starts) > _ONE_FORM * len(starts))))
    numbers = [of for text in texts if (of := re.findall(r"[0-9](?:[0-9A-Z-]*[0-9A-Z])?", text))]
    is_all = sum(len(of) == 1 for of in numbers) > _ONE_FORM * len(numbers)
    begins = is_all and sum(text.lstrip()[:1].isdigit() for text in texts) > _ONE_FORM * len(texts)
    for form in rules["postcodes_of_digits"]:
        for end in (-1, 0):
            rows = sum(bool(re.fullmatch(form, of[end])) for of in numbers)
            code_first = begins or end == 0
            found.append((rows if rows > _ONE_FORM * len(numbers) else 0, AddressForm(form, code_first=code_first)))
    most = max(rows for rows, _ in found)
    return next(form for rows, form in found if rows >= _NEARLY * most) if most > SHARE * len(texts) else AddressForm()


def _find_beyond(sides: Sequence[AddressSide], own: Sequence[Collection[str] | None]) -> None:
    """Note the names that stand after those of towns, which are states and countries."""
    towns = frozenset[str]().union(*(names for names in own if names))
    beyond = frozenset[str]().union(*(side.form.beyond for side in sides))
    for _ in range(_ROUNDS):
        rows, before, expected = Counter[str](), Counter[str](), defaultdict[str, float](float)
        for side in sides:
            ends = list(_ends(replace(side.form, beyond=beyond), side.pieces))
            usual = sum(is_before for _, is_before in ends) / max(len(ends), 1)
            for end, is_before in ends:
                rows[end] += 1
                before[end] += is_before
                expected[end] += usual
        found = {end for end, n in rows.items() if _is_beyond(n, before[end], expected[end] / n)}
        found = {end for end in found if words_of(end) not in towns}
        if not found:
            break
        beyond |= found
    for side in sides:
        side.form = replace(side.form, beyond=beyond)


def _is_beyond(rows: int, before: int, usual: float) -> bool:
    """Whether a name has a town before it; where some of all have (Headingley, Leeds), chance must not make it."""
    if before + _PRIOR_ROWS * usual <= _BEYOND * (rows + _PRIOR_ROWS):
        return False
    return usual > _BEYOND or (usual > 0 and -rows * math.log(usual) > _SURE)


def _ends(form: AddressForm, addresses: Sequence[Pieces]) -> Iterator[tuple[str, bool]]:
    """The outermost piece of each address that may be a town, and whether the next one may be one too."""
    for pieces in addresses:
        at = next((n for n, piece in enumerate(pieces) if form.is_town(piece)), None)
        if at is not None:
            yield pieces[at], at + 1 < len(pieces) and form.is_town(pieces[at + 1])


def _towns(form: AddressForm, addresses: Sequence[Pieces]) -> Counter[str]:
    found = (next((piece for piece in pieces if form.is_town(piece)), "") for pieces in addresses if len(pieces) > 1)
    return Counter(filter(None, found))


def _holds(side: AddressSide, towns: Collection[str] | None) -> frozenset[str]:
    """What stands in a file's addresses; towns are words of their names, where a column or the other file tells."""
    enough, found = SHARE * len(side.pieces), _towns(side.form, side.pieces)
    holds = {"postcode"} if side.form.postcode and not (side.form.code_first and found.total() <= enough) else set()
    known = sum(rows for town, rows in found.items() if towns is None or words_of(town) in towns)
    if found.total() > enough and known > SHARE * found.total():
        holds.add("town")
    beyond = Counter(
        of[-1] for pieces in side.pieces if (of := [piece for piece in pieces if piece in side.form.beyond])
    )
    if beyond.total() > enough and max(beyond.values()) < _ONE_COUNTRY * beyond.total():
        holds.add("county")
    return frozenset(holds)
