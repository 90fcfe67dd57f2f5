"""How columns of persons are read: a reader turns the values of one or several columns
into fields.

Most values are plain, and SQL reads them. What SQL cannot say (letters beyond A to Z,
names of several words, dates in words) Python reads, once for each distinct value: see
`linkage.records.standardise`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from anyascii import anyascii

from linkage.engine import literal
from linkage.records import dates
from linkage.records.identifiers import (
    british_postcode,
    is_british_postcode,
    is_standard_postcode,
    letters_and_digits,
    valid_nino,
    valid_uln,
    valid_upn,
)
from linkage.records.names import forenames, is_plain_name, surname, whole_forename
from linkage.records.rules import NameRules, name_rules

Value = str | None
Values = tuple[Value, ...]

_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_AS_TWO = str.maketrans(
    _TWO | {letter.upper(): two.upper() for letter, two in _TWO.items()}
)


def as_two_letters(text: str) -> str:
    """ü as ue, ø as oe."""
    return text.translate(_AS_TWO)


@dataclass(frozen=True)
class Reader:
    """Columns of a file to fields of a record.

    Attributes:
        columns: of the file.
        fields: what is made of them.
        has_few_values: whether one value stands on many rows, as names and dates do.
    """

    columns: tuple[str, ...]
    fields: tuple[str, ...]
    has_few_values: ClassVar[bool] = True

    def is_plain(self, *texts: str) -> str:
        """A SQL condition on the columns' texts: SQL reads them. Never NULL."""
        return every(f"{text} is null" for text in texts)

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        """SQL expressions of the fields, of plain texts."""
        return ("cast(null as varchar)",) * len(self.fields)

    def read(self, *values: Value) -> Values:
        """The fields, of values that are not plain; one of them is known."""
        raise NotImplementedError


def every(conditions: Iterable[str]) -> str:
    """A SQL condition that all of some conditions hold."""
    return "(" + " and ".join(conditions) + ")"


def first_known(expressions: Iterable[str]) -> str:
    """A SQL expression: the first that is not NULL."""
    known = tuple(expressions)
    return known[0] if len(known) == 1 else f"coalesce({', '.join(known)})"


# Names ---------------------------------------------------------------------------


@dataclass(frozen=True)
class NameReader(Reader):
    """Names of persons.

    Attributes:
        roles: of the columns, in their order.
        two_letters: ü is written as ue.
        initials: fields of which the first letter alone is kept.
    """

    roles: tuple[str, ...]
    two_letters: bool = False
    initials: frozenset[str] = frozenset()
    # of this process: a worker may lack the definitions of a run
    rules: NameRules = field(default_factory=lambda: name_rules(), repr=False)

    def is_plain(self, *texts: str) -> str:
        return every(
            f"({text} is null or {is_plain_name(text, self.rules)})" for text in texts
        )

    def texts_of(self, texts: Iterable[str]) -> dict[str, str]:
        """Role to its column's expression in capitals."""
        return {
            role: f"upper({text})" for role, text in zip(self.roles, texts, strict=True)
        }

    def values_of(self, values: Iterable[Value]) -> dict[str, Value]:
        """Role to its column's value, with letters as they are compared."""
        letters = as_two_letters if self.two_letters else str
        return {
            role: letters(value)
            for role, value in zip(self.roles, values, strict=True)
            if value
        }

    def shortened(self, name: str, expression: str) -> str:
        """A SQL expression of a field, of which the initial may be all that counts."""
        return f"left({expression}, 1)" if name in self.initials else expression

    def short(self, name: str, value: Value) -> Value:
        """As `shortened`, of a value."""
        return value[0] if value and name in self.initials else value


@dataclass(frozen=True)
class GivenNames(NameReader):
    """forename and middle_names, from columns of forename, initials and middle_names.

    Attributes:
        splits: words after the first forename are middle names.
        call_name_last: the last of several forenames is the one that is used.
    """

    splits: bool = True
    call_name_last: bool = False

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        texts_of = self.texts_of(texts)
        given = [texts_of[r] for r in ("forename", "initials") if r in texts_of]
        forename = first_known(given) if given else "cast(null as varchar)"
        middle_names = texts_of.get("middle_names", "cast(null as varchar)")
        return self.shortened("forename", forename), middle_names

    def read(self, *values: Value) -> Values:
        known = self.values_of(values)
        text = known.get("forename") or known.get("initials")
        first, others = self._parts(text) if text else (None, None)
        middle = known.get("middle_names")
        own = whole_forename(middle, self.rules) if middle else None
        middle_names = " ".join(name for name in (others, own) if name)
        return self.short("forename", first), middle_names or None

    def _parts(self, text: str) -> tuple[Value, Value]:
        if not self.splits:
            return whole_forename(text, self.rules), None
        first, others = forenames(text, self.rules)
        if first and others and self.call_name_last:
            *words, last = others.split()
            return last, " ".join([first, *words])
        return first, others


@dataclass(frozen=True)
class FamilyNames(NameReader):
    """surname, other_surname and second_surname, from columns of these and of a
    surname's particle.

    Attributes:
        splits: the second word of a surname is the second surname, as in Spain.
    """

    splits: bool = False

    def is_plain(self, *texts: str) -> str:
        particles = [
            f"{text} is null"
            for role, text in zip(self.roles, texts, strict=True)
            if role == "surname_particle"
        ]
        return every([super().is_plain(*texts), *particles])

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        texts_of = self.texts_of(texts)
        names = [texts_of[r] for r in ("surname", "other_surname") if r in texts_of]
        other, second = (
            texts_of.get(role, "cast(null as varchar)")
            for role in ("other_surname", "second_surname")
        )
        return self.shortened("surname", first_known(names)), other, second

    def read(self, *values: Value) -> Values:
        known = self.values_of(values)
        texts = {
            role: surname(value, self.rules) for role, value in known.items() if value
        }
        if "surname_particle" in known and "surname" in known:
            whole = f"{known['surname_particle']} {known['surname']}"
            texts["surname"] = surname(whole, self.rules)
        other, second = texts.get("other_surname"), texts.get("second_surname")
        name = texts.get("surname") or other
        if name and self.splits:
            name, _, second = name.partition(" ")
        return self.short("surname", name), other, second or None


@dataclass(frozen=True)
class FamilyName(NameReader):
    """A surname in one column."""

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        return tuple(self.texts_of(texts).values())

    def read(self, *values: Value) -> Values:
        return (surname(values[0] or "", self.rules),)


@dataclass(frozen=True)
class Day(Reader):
    """A day of the calendar as text, year-month-day; none where a text is no day.

    Attributes:
        formats: strptime patterns, tried in order.
    """

    formats: tuple[str, ...]

    def is_plain(self, *texts: str) -> str:
        (text,) = texts
        form = "'[0-9]{4}-[0-9]{2}-[0-9]{2}'"
        return f"({text} is null or regexp_full_match({text}, {form}))"

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        (text,) = texts
        return (f"case when not starts_with({text}, '0000') then {text} end",)

    def read(self, *values: Value) -> Values:
        return (dates.day_in(values[0] or "", self.formats),)


# Codes and texts -----------------------------------------------------------------


@dataclass(frozen=True)
class CodeReader(Reader):
    """One field. Python writes a value in ASCII where it is not, and SQL does the rest.

    Of several columns the first counts that can be read: Home, Mobile.
    """

    has_few_values: ClassVar[bool] = False
    two_letters: bool = field(default=False, kw_only=True)  # ü is written as ue

    def value(self, text: str) -> str:
        """A SQL expression of the field, of a text of ASCII."""
        raise NotImplementedError

    def is_plain(self, *texts: str) -> str:
        return every(
            f"({text} is null or {self.is_plain_text(text)})" for text in texts
        )

    def is_plain_text(self, text: str) -> str:
        """A SQL condition on the text of a column: it is as `in_ascii` leaves it."""
        return f"regexp_full_match({text}, '[ -~]*')"

    def plain_fields(self, *texts: str) -> tuple[str, ...]:
        return (first_known(self.value(text) for text in texts),)

    def read(self, *values: Value) -> Values:
        """The values in ASCII; SQL reads these."""
        return tuple(value and self.in_ascii(value) for value in values)

    def in_ascii(self, value: str) -> str:
        """A value in ASCII."""
        return str(anyascii(as_two_letters(value) if self.two_letters else value))


@dataclass(frozen=True)
class Text(CodeReader):
    """Any text: capitals, single spaces; none where it says that nothing is known."""

    longest: int = 128  # characters; similarity of long notes takes ages

    def value(self, text: str) -> str:
        words = f"trim(regexp_replace(upper({text}), '[^!-~]+', ' ', 'g'))"
        unknown = ", ".join(map(literal, sorted(name_rules().sentinels.texts)))
        short = f"regexp_replace(left({words}, {self.longest}), '[ .,;:]+$', '')"
        return (
            f"case when regexp_matches({text}, '[A-Za-z0-9]') "
            f"and {words} not in ({unknown}) then nullif({short}, '') end"
        )


@dataclass(frozen=True)
class Sex(CodeReader):
    """M or F by a code frame; none for another code."""

    has_few_values: ClassVar[bool] = True
    codes: Mapping[str, str] = field(default_factory=dict)  # code in capitals to M, F

    def value(self, text: str) -> str:
        cases = "".join(
            f" when {literal(code)} then {literal(sex)}"
            for code, sex in self.codes.items()
        )
        code = f"regexp_replace(upper({text}), '^[ .]+|[ .]+$', '', 'g')"
        return f"case {code}{cases} end" if cases else "cast(null as varchar)"


@dataclass(frozen=True)
class Number(CodeReader):
    """A person's number as capitals and digits; none for one that stands for none or
    fails its check.

    Attributes:
        role: "nino", "uln" and "upn" have a form of their own.
        length: the usual one in the file.
        last: signs at the end that are compared; all when 0.
    """

    role: str = ""
    length: int = 9
    last: int = 0

    def value(self, text: str) -> str:
        code = letters_and_digits(text)
        if self.role == "nino":
            # The suffix says nothing of the person and is often missing.
            return f"case when {valid_nino(code)} then left({code}, 8) end"
        checks = {"uln": valid_uln, "upn": valid_upn}
        is_number = (
            checks[self.role](code)
            if self.role in checks
            else f"not {self._stands_for_none(code)}"
        )
        kept = f"right({code}, {self.last})" if self.last else code
        return f"case when {is_number} then {kept} end"

    def _stands_for_none(self, code: str) -> str:
        """No digit; or, where numbers are long, one sign or a run of digits."""
        tests = [f"not regexp_matches({code}, '[0-9]')"]
        if self.length > _SHORT_NUMBER:
            rest = f"replace({code}, left({code}, 1), '')"
            is_run = f"strpos('01234567890', {code}) > 0"
            tests += [
                f"{rest} = ''",
                f"(length({code}) > {_SHORT_NUMBER} and {is_run})",
            ]
        return f"({' or '.join(tests)})"


_SHORT_NUMBER = 4  # signs; such a number may be one digit repeated by chance


Precision = Literal["unit", "sector", "district", "code"]


@dataclass(frozen=True)
class Postcode(CodeReader):
    """A postcode; none for what has not its form or stands for none.

    Attributes:
        precision: "unit", "sector" or "district" of a British one; "code" of any
            country, where a British one is written as Britain writes it.
        digits: of codes of digits alone, the first ones that are compared; 0 for all.
    """

    precision: Precision = "unit"
    digits: int = 0

    def value(self, text: str) -> str:
        code = letters_and_digits(text)
        british = f"when {is_british_postcode(code)} then {british_postcode(code)}"
        if self.precision == "unit":
            standard = f"when {is_standard_postcode(text)} then {text}"
            return f"case {standard} {british} end"
        if self.precision == "code":
            return self._code(code, british)
        area = f"upper(regexp_replace({text}, ' +', ' ', 'g'))"
        district, inward, digit = (
            f"regexp_extract({area}, {literal(_AREA)}, {group})" for group in (1, 2, 4)
        )
        if self.precision == "district":
            return f"nullif({district}, '')"
        return f"nullif(trim({district} || ' ' || {inward} || {digit}), '')"

    def _code(self, code: str, british: str) -> str:
        if not self.digits:
            return f"case when {_no_code(code)} then null {british} else {code} end"
        is_number = f"regexp_full_match({code}, '[0-9]+')"
        return (
            f"case when {_no_code(code)} then null "
            f"when {is_number} then left({code}, {self.digits}) else {code} end"
        )


# district, then sector's digit and unit, or sector's digit alone
_AREA = "^([A-Z]{1,2}[0-9][A-Z0-9]?)(?: ?([0-9])([A-Z]{2})| ([0-9]))?$"


def _no_code(code: str) -> str:
    """A SQL condition: no digit, or zeros or nines alone."""
    return (
        f"(not regexp_matches({code}, '[0-9]') or regexp_full_match({code}, '0+|9+'))"
    )


PHONE_DIGITS = 7  # of a telephone within its town


@dataclass(frozen=True)
class Phone(CodeReader):
    """The first telephone of a cell as its last seven digits: +44 20 7946 0000 and 020
    7946 0000 are one.
    """

    def is_plain_text(self, text: str) -> str:
        return f"regexp_full_match({text}, " + "'[ -+.0-:<-{}~-]*')"

    def in_ascii(self, value: str) -> str:
        text = super().in_ascii(value)
        parts = re.split(r"[;,|/\n]", text)
        whole = [part for part in parts if len(_dialled(part)) >= PHONE_DIGITS]
        numbers = [_dialled(part) for part in (whole if len(whole) > 1 else [text])]
        return next((number for number in numbers if len(set(number)) > 1), "")

    def value(self, text: str) -> str:
        digits = (
            f"regexp_replace(regexp_replace({text}, '[.]0$|[^0-9]', '', 'g'), "
            "'^0+', '')"
        )
        last = f"right({digits}, {PHONE_DIGITS})"
        return (
            f"case when replace({digits}, left({digits}, 1), '') <> '' then {last} end"
        )


def _dialled(text: str) -> str:
    """The digits of a telephone without zeros before it."""
    return re.sub(r"[^0-9]", "", re.sub(r"\.0$", "", text)).lstrip("0")


_MAIL = re.compile(r'[^\s;,|/<>"]+@[^\s;,|/<>"]+')


@dataclass(frozen=True)
class Email(CodeReader):
    """The first e-mail address of a cell, without what somebody adds to sort by:
    ann+news@post.example.
    """

    def is_plain_text(self, text: str) -> str:
        return f"regexp_full_match({text}, '[ -;=?A-~]*@?[ -;=?A-~]*')"

    def in_ascii(self, value: str) -> str:
        text = super().in_ascii(value)
        addresses = (
            _MAIL.findall(text) if text.count("@") > 1 or "<" in text else [text]
        )
        return next((address for address in addresses if "@" in address), "")

    def value(self, text: str) -> str:
        address = f"upper(regexp_replace({text}, '[+][^@]*@', '@', 'g'))"
        known = f"nullif(regexp_replace({address}, '[.,;:]+$', ''), '')"
        return f"case when strpos({text}, '@') > 0 then {known} end"
