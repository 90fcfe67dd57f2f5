"""Split addresses that are written whole, in one column or in lines, into street, town
and postcode.

Families share an address, and movers lose it: as one text it says too much of the
first, and not of the others that they moved within their town. The number of a house is
left out, since families share it. Nothing is known of any country's towns: a piece with
a number is a street's, and a name with a town before it is a state's or a country's.
"""

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from anyascii import anyascii

from linkage.files.vocabulary import vocabulary

PARTS = (
    "address",
    "postcode",
    "town",
)  # The fields that an address may hold; `address` is the street
SHARE = 1 / 3  # of a column's addresses that must hold a part, or it is none of theirs
# as many addresses as have the most usual form of postcodes, from which an earlier form
# is the column's
_NEARLY = 0.9
# share of first or last numbers of addresses that have the form of postcodes of digits
_ONE_FORM = 0.8
_TOWN_FIRST = (
    0.2  # by how much more addresses begin without a number than end without one
)
_STATES, _MOST_STATES = (
    0.8,
    60,
)  # share of addresses that end in a code of two or three letters; different codes
# share of a name's addresses with a town before it, from which it is a state's or a
# country's
_BEYOND = 0.9
_PRIOR_ROWS = 3  # addresses, of which a rare name is taken to be as all the others

_APART = re.compile(r"[,;|\n\r\t()\[\]]+|<br ?/?>|\s[-–—/]+\s")
_AROUND = " .:-–—"
_STATE_END = re.compile(r"\s([A-Z]{2,3})[\s,]*$")
_NUMBER = r"(?:[A-Z]{1,2}[-/. ]?)?[0-9]+(?: ?[-/&] ?[0-9]+)*[-/]?[A-Z]?\b"
_DIGIT = re.compile("[0-9]")
_HOUSE = r"(?<!\w)\d{1,3}[a-zA-Z]?(?!\w)"
_HOUSE_AND_MORE = re.compile(
    rf"(?:[^\W\d_]{{2}}.*{_HOUSE}|^{_HOUSE}.*[^\W\d_]{{2}}).*[,\n].*[^\W\d_]{{2}}"
)

Pieces = Sequence[str]
"""What stands between an address's commas and line breaks, the outermost (a country, a
town) first; in capitals.
"""


@dataclass(frozen=True)
class AddressForm:
    """How the addresses of a column are written."""

    postcode: str | None = (
        # an expression for it; the first one is it where `code_first`, else the last
        None
    )
    code_first: bool = False
    town_first: bool = False  # the town stands before the street
    states: bool = False  # a code of a state stands after the town without a comma
    beyond: frozenset[str] = frozenset()  # names of states and countries, in capitals
    holds: frozenset[str] = frozenset()  # of PARTS, what stands in the addresses

    def is_town(self, piece: str) -> bool:
        """Whether a piece may be a town."""
        return not _DIGIT.search(piece) and piece not in self.beyond

    def pieces(self, text: str) -> tuple[str, Pieces]:
        """The postcode of an address in capitals, "" where there is none, and the other
        pieces, outermost first.
        """
        code = ""
        if self.postcode and (
            match := _postcode_in(self.postcode, self.code_first).match(text)
        ):
            code, text = match[2], f"{match[1]}, {match[3]}"
        text = _number_forms()[0].sub(r"\1 ", text)
        text = _STATE_END.sub(r", \1", text) if self.states else text
        pieces = [
            piece for part in _APART.split(text) if (piece := part.strip(_AROUND))
        ]
        return code, pieces if self.town_first else pieces[::-1]

    def split(self, text: str) -> dict[str, str | None]:
        """The parts of an address, by the names of PARTS."""
        form = self if "postcode" in self.holds else replace(self, postcode=None)
        code, pieces = form.pieces(text.upper())
        towns = (
            [piece for piece in pieces if self.is_town(piece)]
            if "town" in self.holds and len(pieces) > 1
            else []
        )
        others = [piece for piece in pieces if piece not in {*towns[:1], *self.beyond}]
        street = [
            part
            for part in others
            if _DIGIT.search(part) and not _number_forms()[1].fullmatch(part)
        ] or others
        whole = " ".join(street if self.town_first else street[::-1])
        parts = {
            "address": _without_number(whole),
            "postcode": code,
            "town": towns[0] if towns else None,
        }
        return {name: part or None for name, part in parts.items()}


@functools.cache
def _number_forms() -> tuple[re.Pattern[str], ...]:
    """Expressions for numbers of a house (12, No. 12, 3-4a) and of its parts
    (Flat 4).
    """

    def words(kind: str) -> str:
        longest_first = sorted(
            vocabulary()["whole_address"][kind], key=len, reverse=True
        )
        return "|".join(
            r"[. ]*".join(map(re.escape, word.split())) for word in longest_first
        )

    part, separator, blank = (
        rf"(?:{words('units')}|#)[.:# ]*{_NUMBER}",
        r"\s*[,;\n]\s*",
        "[ ,/]+",
    )
    house = rf"(?:(?:{words('numbers')})[.:# ]*)?#?{_NUMBER}"
    forms = (
        # before the comma of 12, High Street
        rf"^[\s,;]*((?:{part}{separator})*{house}){separator}",
        rf"(?:{part}|{house})",  # a piece that is nothing else
        rf"^{part}{blank}(?=[0-9])",  # parts at a street's start
        rf"{blank}{part}$",  # and at its end
        rf"^{house}{blank}(?=\S)",  # the house's number at its start
        rf"(?<=\S){blank}{house}(?: [A-Z])?$",  # and at its end
    )
    return tuple(re.compile(form, re.IGNORECASE) for form in forms)


def _without_number(street: str) -> str:
    """A street without the number of the house and of its parts."""
    *_, parts_first, parts_last, first, last = _number_forms()
    street = parts_last.sub("", parts_first.sub("", street))
    after = first.sub("", street)
    return (last.sub("", street) if after == street else after).strip()


def street_alone(text: str) -> str:
    """The words before the number of a house, or after it where it stands first."""
    words = text.replace(",", " ").split()
    digit_flags = [any(map(str.isdigit, word)) for word in words]
    first = next(
        (place for place, has_digit in enumerate(digit_flags) if not has_digit), 0
    )
    last = next(
        (
            place
            for place, has_digit in enumerate(digit_flags)
            if has_digit and place > first
        ),
        len(words),
    )
    return " ".join(words[first:last])


@functools.cache
def _postcode_in(form: str, first: bool) -> re.Pattern[str]:
    greed = "*?" if first else "*"
    return re.compile(
        rf"^(.{greed})\b(?:[A-Z]{{1,2}}-)?({form})\b(.*)$", re.IGNORECASE | re.DOTALL
    )


def _words_of(names: Collection[str]) -> frozenset[str]:
    """Names in Latin capitals, without the signs between their words."""
    return frozenset(
        " ".join(re.findall(r"[A-Z0-9]+", str(anyascii(name)).upper()))
        for name in names
    )


def holds_whole_addresses(values: Mapping[str, int]) -> bool:
    """Whether most values have the number of a house and more after a comma: a place of
    residence may be an address.
    """
    return sum(
        rows for value, rows in values.items() if _HOUSE_AND_MORE.search(value)
    ) > SHARE * sum(values.values())


@dataclass
class AddressSide:
    """A file's addresses."""

    texts: Sequence[str]  # a sample of whole addresses; empty where the file has none
    own: frozenset[str] = frozenset()  # fields of PARTS that have columns of their own
    towns: Collection[str] | None = (
        None  # values of the column of towns, where the file has one
    )
    form: AddressForm = AddressForm()
    pieces: Sequence[Pieces] = ()

    def ends(self) -> Iterator[tuple[str, bool]]:
        """The outermost piece of each address that may be a town, and whether the next
        one may be one too.
        """
        for pieces in (pieces for pieces in self.pieces if len(pieces) > 1):
            place = next(
                (n for n, piece in enumerate(pieces) if self.form.is_town(piece)), None
            )
            if place is not None:
                yield (
                    pieces[place],
                    place + 1 < len(pieces) and self.form.is_town(pieces[place + 1]),
                )

    def infer_form(self) -> None:
        """Find the form of postcodes, whether the town stands first, and codes of
        states after it.
        """
        texts = [text.upper() for text in self.texts]
        form = _with_postcode(texts)
        pieces = [form.pieces(text)[1] for text in texts]
        firsts = sum(form.is_town(row[-1]) for row in pieces if row)
        lasts = sum(form.is_town(row[0]) for row in pieces if row)
        if firsts > lasts + _TOWN_FIRST * len(texts):
            form = replace(form, town_first=True)
            pieces = [row[::-1] for row in pieces]
        ends = [row[0] for row in pieces if len(row) > 1 and not _DIGIT.search(row[0])]
        codes = Counter(match[1] for end in ends if (match := _STATE_END.search(end)))
        if codes.total() > _STATES * len(pieces) and len(codes) <= _MOST_STATES:
            form = replace(form, states=True, beyond=frozenset(codes))
            pieces = [form.pieces(text)[1] for text in texts]
        self.form, self.pieces = form, pieces


def infer_addresses(sides: Sequence[AddressSide]) -> None:
    """Find how the addresses of each file are written, and what stands in them: `form`
    of each side.
    """
    for side in (side for side in sides if side.texts):
        side.infer_form()
    names = [None if side.towns is None else _words_of(side.towns) for side in sides]
    for _ in ("countries", "states before them"):
        rows, before = Counter[str](), Counter[str]()
        for end, has_town in (town_end for side in sides for town_end in side.ends()):
            rows[end] += 1
            before[end] += has_town
        prior = _PRIOR_ROWS * before.total() / max(rows.total(), 1)
        regions = {
            name
            for name, n in rows.items()
            if before[name] + prior > _BEYOND * (n + _PRIOR_ROWS)
        }
        regions = {
            name
            for name in regions
            if not any(_words_of([name]) <= towns for towns in names if towns)
        }
        for side in sides:
            side.form = replace(side.form, beyond=side.form.beyond | regions)
    for number, side in enumerate(sides):
        other = sides[number - 1]
        ends = _words_of([end for end, _ in other.ends()]) if other.pieces else None
        towns = names[number] or names[number - 1] or ends
        side.form = replace(side.form, holds=_holds(side, towns))


def _holds(side: AddressSide, towns: Collection[str] | None) -> frozenset[str]:
    """What stands in a file's addresses; towns are words of their names, where a column
    or the other file tells.
    """
    threshold, ends = SHARE * len(side.pieces), Counter(end for end, _ in side.ends())
    has_code = side.form.postcode and not (
        side.form.code_first and ends.total() <= threshold
    )
    known = sum(
        rows
        for town, rows in ends.items()
        if towns is None or _words_of([town]) <= {*towns}
    )
    has_town = ends.total() > threshold and known > SHARE * ends.total()
    return frozenset(
        part
        for part, is_held in (("postcode", has_code), ("town", has_town))
        if is_held
    )


def _with_postcode(texts: Sequence[str]) -> AddressForm:
    """The form of the postcodes, and whether they come first."""
    rules, forms = vocabulary()["whole_address"], list[tuple[int, AddressForm]]()
    for form in rules["postcodes"]:
        starts = [
            match.start() == 0
            for text in texts
            if (match := re.search(rf"\b(?:{form})\b", text, re.ASCII))
        ]
        forms.append(
            (
                len(starts),
                AddressForm(form, code_first=sum(starts) > _ONE_FORM * len(starts)),
            )
        )
    numbers = [
        row
        for text in texts
        if (row := re.findall(r"[0-9](?:[0-9A-Z-]*[0-9A-Z])?", text))
    ]
    is_all = sum(len(row) == 1 for row in numbers) > _ONE_FORM * len(numbers)
    begins = is_all and sum(
        text.lstrip()[:1].isdigit() for text in texts
    ) > _ONE_FORM * len(texts)
    for form in rules["postcodes_of_digits"]:
        for end in (-1, 0):
            rows = sum(bool(re.fullmatch(form, row[end])) for row in numbers)
            if rows > _ONE_FORM * len(numbers):
                forms.append((rows, AddressForm(form, code_first=begins or end == 0)))
    top = max(rows for rows, _ in forms)
    return (
        next(form for rows, form in forms if rows >= _NEARLY * top)
        if top > SHARE * len(texts)
        else AddressForm()
    )
