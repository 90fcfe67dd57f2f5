"""What a column holds, by a sample of its values, and how alike two columns are by it.

Two files may share few people and still share what a kind of column is made of: the words of names and towns, the years
of births, the codes of places. How alike two columns can be is told by two halves of one of them; how alike they are by
chance, for numbers, by how densely these lie. What has no such measure (amounts, row numbers, codes of two or three
values) is never alike.
"""

import datetime
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from anyascii import anyascii

from linkage.adhoc.dates.birth_dates import latest_year, read, reading
from linkage.adhoc.fields.spellings import frame_of_sex, sex_code
from linkage.adhoc.headers.recognise import legal_forms

FEWEST = 30  # known values below which a column says nothing
_FIRST = 200  # values that show whether a column may hold dates
_MOST = 0.8  # share of values that have the form of their column
_SHARED_WORDS = 12  # distinct words, years or codes that two columns must share, or all usual ones
_NEARLY_ALL = 0.98  # share of a column's tokens, beyond which those are that slips make
_FEW_WORDS = 5  # distinct values below which a column is a category and no name
_BIRTHS = 30  # years between the first and the last twentieth of births; dates of a register's own lie closer
_EARLIEST = 1850
_REPEATED = 0.9  # distinct values of a row, below which values are those of places
_BRITISH = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)[0-9][A-Z]{2}")
_TIME_OR_AMOUNT = re.compile(r".*\b\d{1,2}:\d\d(?!\d).*|-?\d+[.,]\d{1,2}")
_SIGNS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # each is a syllable or a word
_MEN_APART = 0.1  # shares of men that two columns of the digits 1 and 2 may be apart
_OF_YEARS = 0.75  # years alone may be of anything that people did in their lives
_CHANCE = 5  # times as many equal numbers as chance has, from which they are no chance
_EQUAL = 10  # and at least so many
_BINS = 1000  # of the range of numbers, within which chance is even
_QUANTITY = 4  # signs of heights, diagnoses and the like, which repeat or lie in a narrow range too
_ZIP_AND_FOUR = 9  # digits of an American postcode with the four of a delivery route, which other files leave out
END = 9  # last signs of a number that are compared: files differ in countries, centuries and zeros before them
_DISTINCT = 0.98  # share of values that stand once, of numbers that are a person's
SHORTEST = 6  # signs of a number that is one person's: of shorter ones, many are equal by chance


@dataclass(frozen=True)
class Content:
    """What a sample of a column holds."""

    values: Sequence[str]  # of rows in the file's order, trimmed; unknown ones left out
    rows: int  # of the sample, with those in which the value is unknown
    ends: frozenset[str] = field(default_factory=frozenset)  # last signs of all numbers, or of a sample of numbers
    thinned: int = 1  # one in so many numbers is in `ends`
    is_of_dates: bool = False  # its name says so: numbers may be a program's days

    @cached_property
    def counts(self) -> Counter[str]:
        """Distinct values to their rows."""
        return Counter(self.values)

    @cached_property
    def codes(self) -> Counter[str]:
        """Distinct values by their letters and digits alone, to their rows."""
        found = Counter[str]()
        for value, held in self.counts.items():
            found[squashed(value)] += held
        return found

    @cached_property
    def form(self) -> str:
        """ "email", "sex", "date", "year", "postcode", "code", "words" or "" where it has no form of these."""
        if len(self.values) < FEWEST:
            return ""
        if self._share(lambda value: "@" in value and "." in value) > _MOST:
            return "email"
        if len(self.counts) < _FEW_WORDS:
            return "sex" if self._has_both_sexes() else ""
        if self.has_digits:
            if self._share(_is_year) > _MOST:
                return "year"
            if self._may_be_dates and self._share(lambda value: value in self._years) > _MOST:
                return "date"
            if self._share(lambda value: bool(_BRITISH.fullmatch(squashed(value)))) > _MOST:
                return "postcode"
            if self._share(_is_code) > _MOST:
                return "code" if self._is_no_amount() else ""
        return "words" if self._share(lambda value: bool(words(value))) > _MOST else ""

    @cached_property
    def has_digits(self) -> bool:
        """Whether most values have a digit, as names have not."""
        return self._share(lambda value: bool(re.search(r"\d", value))) > 0.5

    @cached_property
    def tokens(self) -> Counter[str]:
        """What it is made of: words, years, areas of postcodes, codes; each to its rows."""
        return self._tokens(self.counts)

    @cached_property
    def usual(self) -> int:
        """How many of the tokens, the most frequent, make up nearly all of it: the others may be slips."""
        total, held = self.tokens.total(), 0
        for place, (_, rows) in enumerate(self.tokens.most_common()):
            if held >= _NEARLY_ALL * total:
                return place
            held += rows
        return len(self.tokens)

    @cached_property
    def alike_in_itself(self) -> float:
        """How alike two halves of the column are: what another column of its kind may reach."""
        first, second = (self._tokens(Counter(self.values[start::2])) for start in (0, 1))
        return in_common(first, second)

    @cached_property
    def words_of_value(self) -> float:
        """Words of a value, on average."""
        return self.tokens.total() / max(len(self.values), 1)

    @cached_property
    def spans_lives(self) -> bool:
        """Whether its dates lie as far apart as those of births of all ages."""
        years = sorted(int(year) for year, rows in self.tokens.items() for _ in range(rows))
        twentieth = len(years) // 20
        return bool(years) and years[-1 - twentieth] - years[twentieth] >= _BIRTHS

    @cached_property
    def men(self) -> float:
        """The share of men, where it is a column of sexes; else 0."""
        codes = frame_of_sex(self.counts, "") or {}
        sexes = Counter[str]()
        for value, rows in self.counts.items():
            sexes[codes.get(sex_code(value), "")] += rows
        return sexes["M"] / max(sexes["M"] + sexes["F"], 1)

    @cached_property
    def letters_of_sex(self) -> bool:
        """Whether the sexes are letters or words, which mean them, and not digits, which may mean anything."""
        return not any(value[0].isdigit() for value in self.counts)

    @cached_property
    def repeats(self) -> bool:
        """Whether several rows have one value, as they have a place in common, and no number of a person."""
        return len(self.tokens) < _REPEATED * len(self.values)

    @cached_property
    def looks_like_codes(self) -> bool:
        """Whether its codes are those of places by themselves: long, with letters, first zeros, or a narrow range."""
        codes = [squashed(value) for value in self.counts]
        if self.digits <= _QUANTITY:
            return False
        if any(not code.isdigit() for code in codes) or sum(code[0] == "0" for code in codes) > len(codes) / 20:
            return True
        numbers = sorted(map(int, codes))
        twentieth = len(numbers) // 20
        return numbers[-1 - twentieth] < 1.2 * numbers[twentieth]

    def with_ends(self, ends: Iterable[str], thinned: int) -> "Content":
        """With the last signs of its numbers."""
        return replace(self, ends=frozenset(ends), thinned=thinned)

    @cached_property
    def digits(self) -> int:
        """How many letters and digits most of its values have."""
        lengths = Counter(len(squashed(value)) for value in self.counts)
        return max(lengths, key=lambda length: (lengths[length], length))

    @cached_property
    def _may_be_dates(self) -> bool:
        """Whether the first of its values are dates: the others are looked at only then."""
        first = list(self.counts)[:_FIRST]
        return len(self._dates(first)) > len(first) / 2

    @cached_property
    def _years(self) -> dict[str, str]:
        """Values that are dates, to their year."""
        return self._dates(self.counts)

    def _dates(self, values: Iterable[str]) -> dict[str, str]:
        held = {value: self.counts[value] for value in values}
        how = reading(held, latest_year([held]))
        how = how if self.is_of_dates else replace(how, count=None)
        years = {}
        for value in held:
            date = read(value, how) if any(sign.isdigit() for sign in value) else None
            if date and _is_year(date[:4]) and int(date[5:7]) <= 12 and int(date[8:]) <= 31:
                years[value] = date[:4]
        return years

    def _tokens(self, counts: Mapping[str, int]) -> Counter[str]:
        made = Counter[str]()
        for value, rows in counts.items():
            for token in self._parts(value):
                made[token] += rows
        return made

    def _parts(self, value: str) -> Sequence[str]:
        if self.form in ("date", "year"):
            return [self._years[value]] if value in self._years else []
        if self.form == "words":  # what firms have in common is no likeness
            return [word for word in words(value) if word not in legal_forms()]
        text = squashed(value)
        if self.form == "postcode":
            match = _BRITISH.fullmatch(text)
            return [match[1]] if match else []
        return [text[:5] if len(text) == _ZIP_AND_FOUR and text.isdigit() else text]

    def _share(self, fits: Callable[[str], bool]) -> float:
        return sum(rows for value, rows in self.counts.items() if fits(value)) / max(len(self.values), 1)

    def _has_both_sexes(self) -> bool:
        return 1 / 20 < self.men < 19 / 20

    def _is_no_amount(self) -> bool:
        """Whether its numbers are codes: of one length, without decimals, and not all of them round.

        Or long ones of which hardly any stands twice: numbers of persons that are given out one after the other.
        """
        codes = [squashed(value) for value in self.counts]
        if any(not code.isdigit() for code in codes):
            return True
        lengths = Counter(map(len, codes))
        of_one_length = max(lengths.values()) > _MOST * len(codes) and max(lengths, key=lambda n: lengths[n]) > 2
        long = sum(len(code) >= SHORTEST for code in codes) > _MOST * len(codes)
        if long and sum(code[0] == "0" for code in codes) > _MOST * len(codes):
            return True  # dialled ones, of several lengths: no amount begins with a zero
        are_whole = long and not any(set(value) & set(".,") for value in self.counts)
        one_each = are_whole and len(codes) > _DISTINCT * len(self.values)
        parted = self._share(lambda value: bool(re.search(r"\d[-/ ]\d", value))) > _MOST  # 115-052-01-00
        return (of_one_length or one_each) and (parted or math.gcd(*map(int, codes)) == 1)


def squashed(value: str) -> str:
    """Upper-case letters and digits; a number that a spreadsheet made of it has no decimals."""
    text = value if value.isascii() else anyascii(value)
    return re.sub(r"[^A-Z0-9]", "", text.removesuffix(".0").upper())


def words(value: str) -> list[str]:
    """Upper-case words of two letters and more, and each sign of Chinese, Japanese and Korean."""
    if value.isascii():
        return re.findall(r"[A-Z]{2,}", value.upper().replace("'", ""))
    signs = _SIGNS.findall(value)
    rest = _SIGNS.sub(" ", value) if signs else value
    return [*signs, *re.findall(r"[A-Z]{2,}", re.sub("['`’]", "", anyascii(rest)).upper())]


def in_common(first: Counter[str], second: Counter[str]) -> float:
    """Share of two columns' tokens that both have, each as often as the one that has it less often."""
    one, two = max(first.total(), 1), max(second.total(), 1)
    return sum(min(rows / one, second[token] / two) for token, rows in first.items() if token in second)


def likeness(one: Content, two: Content) -> float:
    """How alike two columns are by what they are made of: 1 as halves of one of them, 0 where there is no measure."""
    forms = {one.form, two.form}
    if forms == {"email"}:
        return 1.0
    if forms == {"sex"}:
        if one.letters_of_sex and two.letters_of_sex:
            return 0.9
        return 0.6 if abs(one.men - two.men) < _MEN_APART else 0.0
    if not (len(forms) == 1 or forms == {"date", "year"}) or "" in forms:
        return 0.0
    if forms == {"code"} and not (one.repeats and two.repeats and _is_no_series(one, two)):
        return 0.0
    if len(set(one.tokens) & set(two.tokens)) < min(_SHARED_WORDS, one.usual, two.usual):
        return 0.0
    possible = min(one.alike_in_itself, two.alike_in_itself)
    if possible < 0.1:
        return 0.0
    alike = min(in_common(one.tokens, two.tokens) / possible, 1.0)
    if "year" in forms:
        alike *= _OF_YEARS
    if forms == {"words"}:
        known = sorted(len(content.values) / max(content.rows, 1) for content in (one, two))
        lengths = sorted((one.words_of_value, two.words_of_value))
        alike *= lengths[0] / lengths[1] * (0.3 + 0.7 * known[0] / known[1])
    return alike


def equal_numbers(one: Content, two: Content) -> float:
    """Of two columns of numbers, 0.5 and half the share that stand in both; 0 where chance has as many, or nearly.

    Chance is told by how many numbers of each column lie in every thousandth of their range. Numbers that fill their
    range (row numbers) are equal by chance alone.
    """
    if not (one.ends and two.ends):
        return 0.0
    signs = min(one.digits, two.digits, END)
    ends = [{end[-signs:] for end in content.ends} for content in (one, two)]
    numbers = [[int(digits) for end in held if (digits := re.sub("[A-Z]", "", end))] for held in ends]
    if not all(numbers):
        return 0.0
    low, high = min(map(min, numbers)), max(map(max, numbers))
    room = (high - low + 1) / max(one.thinned, two.thinned)
    if any(_fills(held, content.thinned) for held, content in zip(numbers, (one, two), strict=True)):
        return 0.0
    width = (high - low + 1) / _BINS
    binned = [Counter(int((number - low) // width) for number in held) for held in numbers]
    by_chance = sum(rows * binned[1][place] for place, rows in binned[0].items()) / max(room / _BINS, 1e-9)
    equal, fewer = len(ends[0] & ends[1]), min(map(len, ends))
    return 0.5 + equal / fewer / 2 if equal >= max(_EQUAL, _CHANCE * by_chance) else 0.0


def _fills(numbers: Sequence[int], thinned: int) -> bool:
    """Whether numbers lie as close as those of a series do."""
    ordered = sorted(numbers)
    twentieth = len(ordered) // 20
    middle = ordered[twentieth : len(ordered) - twentieth]
    return (middle[-1] - middle[0] + 1) / thinned < 4 * len(middle)


def _is_no_series(one: Content, two: Content) -> bool:
    """Whether codes are the same in both columns because they mean the same, and not because they fill their range."""
    if one.looks_like_codes and two.looks_like_codes:
        return True
    return not any(
        _fills([int(code) for value in content.counts if (code := squashed(value)).isdigit()] or [0], 1)
        for content in (one, two)
    )


def _is_year(value: str) -> bool:
    text = re.sub(r"\.0$", "", value)
    return len(text) == 4 and text.isdecimal() and _EARLIEST <= int(text) <= datetime.date.today().year


def _is_code(value: str) -> bool:
    if _TIME_OR_AMOUNT.fullmatch(value) and not value.endswith(".0"):
        return False
    text = squashed(value)
    digits = sum(map(str.isdigit, text))
    return digits > 0 and (2 * digits >= len(text) or (len(text) <= 10 and not re.search("[A-Z]{4}", text)))
