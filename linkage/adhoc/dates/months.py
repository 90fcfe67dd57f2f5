"""Months by their names, as they stand in dates of many languages and scripts (`months` of configs/recognise.toml)."""

import functools
import re
import unicodedata

from anyascii import anyascii

from linkage.adhoc.headers.vocabulary import vocabulary

_WORDS = re.compile(r"[A-Z]+|\d+", re.ASCII)
_A_LETTER = r"[^\W\d_]"
_YEAR_DIGITS = 4


@functools.cache
def month_names() -> dict[str, int]:
    """Names of months and their short forms, upper-case ASCII, to the month's number."""
    named = {
        name: number
        for names in vocabulary()["months"].values()
        for number, month in enumerate(names, 1)
        for name in month
    }
    return named | {_word(number): number for number in {*named.values(), *_names_in_script().values()}}


@functools.cache
def _names_in_script() -> dict[str, int]:
    return {
        _without_points(name): number
        for names in vocabulary()["months_in_script"].values()
        for number, month in enumerate(names, 1)
        for name in month
    }


def _word(number: int) -> str:
    """A word of Latin letters for a month that has a name in another script: the 13th is one in Ethiopia."""
    return f"MONTH{chr(ord('A') + number - 1)}"


def _without_points(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace(".", "")


@functools.cache
def _in_script() -> re.Pattern[str]:
    names = [name for months in vocabulary()["months_in_script"].values() for month in months for name in month]
    forms = (re.escape(unicodedata.normalize("NFC", name)).replace(r"\.", r"\.?") for name in names)
    before = "|".join(vocabulary()["around_months"]["before"])
    longest_first = "|".join(sorted(forms, key=len, reverse=True))
    return re.compile(f"(?<!{_A_LETTER})(?:{before})?({longest_first})(?!{_A_LETTER})")


def in_latin_letters(text: str) -> str:
    """A date with a word of Latin letters for a month that is named in another script: romanised it is hardly one."""
    return _in_script().sub(
        lambda found: f" {_word(_names_in_script()[_without_points(found[1])])} ", unicodedata.normalize("NFC", text)
    )


def month_and_numbers(text: str) -> tuple[int, list[str]] | None:
    """The month of a date that names one, and the one or two numbers beside it; None of any other text."""
    names = month_names()
    parts = _WORDS.findall(anyascii(text).upper())
    numbers = [part for part in parts if part.isdigit()]
    months = [names[part] for part in parts if part in names]
    return (months[0], numbers) if len(months) == 1 and 1 <= len(numbers) <= 2 else None


def year_beside_month(text: str) -> int | None:
    """The year of four digits of a date that names its month; None of any other text."""
    found = month_and_numbers(text) if re.search(_A_LETTER, text) else None
    years = [int(number) for number in found[1] if len(number) == _YEAR_DIGITS] if found else []
    return years[0] if len(years) == 1 else None
