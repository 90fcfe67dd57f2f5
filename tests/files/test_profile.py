"""Words for "not known" and placeholders count as empty; values that many people share
do not.
"""

from collections import Counter

from linkage.files.profile import missing_values, says_unknown


def test_words_for_not_known() -> None:
    assert all(
        map(
            says_unknown,
            ["Unknown", "n/a", "#N/A", "não informado", "Unbekannt, unbekannt"],
        )
    )
    assert not any(map(says_unknown, ["Nunn", "", "Noknown"]))


def test_a_value_that_far_too_many_share_is_missing() -> None:
    addresses = Counter({f"{n} Mill Lane": 1 for n in range(500)}) + Counter(
        {"1 Hospital Road": 60}
    )
    missing = missing_values({"a": addresses}, {"address": ["a"]})
    assert missing == {"a": frozenset({"1 Hospital Road"})}
    towns = Counter({"Leeds": 400, "York": 3})
    assert missing_values({"t": towns}, {"town": ["t"]}) == {}


def test_a_null_word_of_programs_is_missing_where_the_column_has_another_case() -> None:
    assert missing_values(
        {"s": Counter({"NaN": 5, "SMITH": 9, "JONES": 9})}, {"surname": ["s"]}
    )["s"] == {"NaN"}
    assert (
        missing_values(
            {"s": Counter({"NA": 5, "SMITH": 9, "JONES": 9})}, {"surname": ["s"]}
        )
        == {}
    )


def test_a_files_own_word_in_two_columns_of_numbers_is_missing() -> None:
    numbers = Counter({f"0770090{n:04}": 1 for n in range(50)}) + Counter({"k.A.": 5})
    mails = Counter({f"a{n}@b.example": 1 for n in range(50)}) + Counter({"k.A.": 4})
    missing = missing_values(
        {"p": numbers, "m": mails}, {"phone": ["p"], "email": ["m"]}
    )
    assert missing["p"] == missing["m"] == {"k.A."}
