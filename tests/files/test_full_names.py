"""Full names are split by the words of their own column and a list of common names."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.files.full_names import FullNames, bare_name

FORENAMES = [
    "AMELIA",
    "OLIVER",
    "ISLA",
    "NOAH",
    "AVA",
    "MARTHA",
    "JONATHAN",
    "RHYS",
    "EMMA",
    "THOMAS",
    "OLIVIA",
    "GEORGE",
]
SURNAMES = [
    "SMITH",
    "JONES",
    "PATEL",
    "OKONKWO",
    "FITZGERALD",
    "DUNNE",
    "NOWAK",
    "ZELLER",
    "QUIST",
    "UMAROV",
    "BAKKER",
    "VANCE",
]


def names(form: str, count: int = 300) -> list[tuple[str, str, str]]:
    draw = random.Random(3)
    pairs = [(draw.choice(FORENAMES), draw.choice(SURNAMES)) for _ in range(count)]
    return [(form.format(f=f.title(), s=s.title(), S=s), f, s) for f, s in pairs]


@pytest.mark.parametrize(
    "form",
    ["{f} {s}", "{s} {f}", "{S}, {f}", "Mr {f} {s}", "{f} {s} PhD", "{s} {f}, MBA"],
)
def test_one_order_is_found_by_the_words(form: str) -> None:
    cases = names(form)
    full_names = FullNames.learn(Counter(text for text, _, _ in cases))
    parts = [full_names.split(text) for text, _, _ in cases]
    assert [(str(f).upper(), str(s).upper()) for f, s in parts] == [
        (f, s) for _, f, s in cases
    ]


def test_the_number_of_words_in_a_surname_is_decided_for_each_name() -> None:
    counts = Counter([text for text, _, _ in names("{f} {s}")])
    counts.update(
        {
            "Emma Olivia Smith": 3,
            "George Patel Jones": 3,
            "Ava van der Bakker": 2,
            "Isla": 1,
        }
    )
    full_names = FullNames.learn(counts)
    assert full_names.split("Emma Olivia Smith") == ("EMMA OLIVIA", "SMITH")
    assert full_names.split("George Patel Jones") == ("GEORGE", "PATEL JONES")
    assert full_names.split("Ava van der Bakker") == ("AVA", "VANDERBAKKER")
    assert full_names.split("Isla") == ("ISLA", None)
    assert full_names.split("Nowak") == (None, "NOWAK")


def test_a_stated_order_is_kept() -> None:
    values = Counter(text for text, _, _ in names("{f} {s}"))
    assert FullNames.learn(values, {"surname_first": True}).split("Quist Rhys") == (
        "RHYS",
        "QUIST",
    )


def test_titles_degrees_and_suffixes_are_left_out() -> None:
    assert bare_name("Dr. Anna Smith, PhD") == "Anna Smith"
    assert bare_name("Frau Anna Weber geb. Klein") == "Anna Weber Klein"


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_any_text_is_split_into_at_most_two_parts(texts: list[str]) -> None:
    full_names = FullNames.learn(Counter(texts))
    assert all(len(full_names.split(text)) == 2 for text in texts)
