"""A model from somebody else is data: its SQL compares the values of a pair and does
nothing else.
"""

import inspect
from typing import Any

import pytest

from linkage.errors import ConfigError
from linkage.model.splink_json import from_dict

REFUSED = [
    ("length((select content from read_text('/etc/passwd'))) > 1", "a subquery"),
    ("surname_l in (from glob('/home/*'))", "a subquery"),
    ("exists (from '/etc/passwd')", "exists"),
    ("read_text('/etc/passwd') = surname_l", "read_text"),
    ("query('select 1') = surname_l", "query"),
    ("getenv('HOME') = surname_l", "getenv"),
    ("current_setting('home_directory') = surname_l", "current_setting"),
    ("unnest([1]) = 1", "explode"),
    ("columns('.*') = surname_l", "columns"),
    ("surname_l = $key", "placeholder"),
    ("surname_l = {links}", "struct"),
    ("row_number() over () = 1", "window"),
    ("random() < 0.5", "rand"),
    ("pragma database_list", "pragma"),
    ("set memory_limit = '1MB'", "set"),
    ("attach '/tmp/x.db'", "attach"),
    ("copy x to '/tmp/x'", "copy"),
    ("surname_l = 'a'; copy x to '/tmp/x'", ";"),
    ("surname_l = surname_r -- and no more", "a comment"),
    ("surname_l = surname_r /* and no more */", "a comment"),
]


def model(
    condition: str = "surname_l = surname_r", rule: str = "l.surname = r.surname"
) -> dict[str, Any]:
    levels = [{"sql_condition": condition}, {"sql_condition": "ELSE"}]
    return {
        "comparisons": [{"output_column_name": "surname", "comparison_levels": levels}],
        "blocking_rules_to_generate_predictions": [rule],
    }


@pytest.mark.parametrize(("condition", "part"), REFUSED)
def test_what_reads_more_than_a_pair_is_refused(condition: str, part: str) -> None:
    with pytest.raises(ConfigError) as level:
        from_dict(model(condition), "theirs.json")
    assert (
        f"theirs.json: comparison 'surname': a condition may not use {part}\n"
        in str(level.value)
    )
    with pytest.raises(ConfigError) as rule:
        from_dict(
            model(rule=condition.replace("surname_l", "l.surname")), "theirs.json"
        )
    assert f"theirs.json: a blocking rule: a condition may not use {part}\n" in str(
        rule.value
    )


def test_brackets_in_brackets_are_a_fault_of_the_model() -> None:
    with pytest.raises(ConfigError, match="so deep within one another"):
        from_dict(model("(" * 4_000 + "true" + ")" * 4_000))


@pytest.mark.parametrize(
    "condition",
    [
        "surname_l is not distinct from surname_r",
        "try_cast(surname_l as double) between 1 and 2.5",
        "case when surname_l like 'A%' then upper(surname_l) = surname_r else false "
        "end",
        "len(list_filter(surname_l, x -> list_contains(surname_r, x))) >= 1",
        "list_has_any(surname_l, surname_r) and not hamming(surname_l[1], "
        "surname_r[1]) > 1",
        "abs(date_diff('day', surname_l, surname_r)) <= 31 and extract(year from "
        "surname_l) in (1990, 1991)",
        "regexp_matches(surname_l, '^[A-Z]') and strptime(surname_l, '%Y') < date "
        "'2000-01-01'",
        "surname_l + interval 1 year = surname_r and trim(replace(surname_l, '-', ' "
        "')) <> ''",
    ],
)
def test_a_condition_on_a_pair_passes(condition: str) -> None:
    assert from_dict(model(condition)).comparisons


def test_every_comparison_of_splinks_library_passes() -> None:
    import splink.comparison_library as library
    from splink import ColumnExpression

    kinds = [
        library.PostcodeComparison(
            "p", lat_col="lat", long_col="long", km_thresholds=[1, 10]
        ),
        library.NameComparison("n", dmeta_col_name="dm"),
        library.ForenameSurnameComparison("f", "s"),
        library.DistanceInKMAtThresholds("lat", "long", [1]),
        library.CosineSimilarityAtThresholds("v", [0.9]),
        library.AbsoluteDateDifferenceAtThresholds(
            "d", input_is_string=True, metrics=["day"], thresholds=[1]
        ),
        library.AbsoluteTimeDifferenceAtThresholds(
            "d", input_is_string=True, metrics=["hour"], thresholds=[1]
        ),
        library.DistanceFunctionAtThresholds("a", "jaccard", [0.9]),
        *(
            library.PairwiseStringDistanceFunctionAtThresholds("a", name, [1])
            for name in ("jaro_winkler", "levenshtein")
        ),
        *(
            library.DateOfBirthComparison("d", input_is_string=text)
            for text in (True, False)
        ),
        library.ExactMatch(ColumnExpression("a").lower().substr(1, 2)),
        library.ExactMatch(ColumnExpression("a").regex_extract("^[A-Z]").nullif("")),
        library.ExactMatch(ColumnExpression("a").try_parse_timestamp()),
    ]
    prefixes = (
        "ExactMatch",
        "Levenshtein",
        "DamerauLevenshtein",
        "Jaccard",
        "Jaro",
        "Email",
        "ArrayIntersect",
    )
    kinds += [
        kind("a")
        for name, kind in inspect.getmembers(library, inspect.isclass)
        if name.startswith(prefixes)
    ]
    assert len(kinds) >= 22
    for comparison in kinds:
        levels = comparison.create_comparison_dict("duckdb")["comparison_levels"]
        from_dict(
            {"comparisons": [{"output_column_name": "a", "comparison_levels": levels}]}
        )
