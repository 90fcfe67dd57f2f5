"""Words for "not known" and placeholders count as empty; values that many people share
do not.
"""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine
from linkage.files.profile import SAMPLE_ROWS, missing_values, profile_of, says_unknown
from linkage.files.read_file import read_file


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


@pytest.mark.parametrize(("rows", "group"), [(9_000, 1_000), (25_000, 2_000)])
def test_a_sample_is_bounded_and_spread_over_the_file(
    engine: Engine, tmp_path: Path, rows: int, group: int
) -> None:
    path = tmp_path / "people.parquet"
    ids = [str(n) for n in range(rows)]
    pq.write_table(pa.table({"id": ids}), path, row_group_size=group)
    file = read_file(
        engine, path, tmp_path / "scratch", "file", delimiter=None, encoding=None
    )
    profile = profile_of(file, ["id"])
    places = [int(value) for value in profile.sample["id"].to_pylist()]
    assert profile.is_whole == (rows <= SAMPLE_ROWS)
    assert len(places) == len(set(places)) == min(rows, SAMPLE_ROWS)
    assert places == sorted(places)
    tenths = Counter(place * 10 // rows for place in places)
    assert min(tenths.values()) >= len(places) / 10 - group / 10
    assert (places[0], places[-1]) <= (0, rows - 1)
