"""The functions whose rendering or result differs between DuckDB and Spark, each listed
once.

A rendering is Spark SQL with {0}, {1} for the arguments. A function that is neither
here nor in REFUSED reaches Spark by its own name or as sqlglot renders it; the
conformance suite (tests/engine) runs those in use on both engines.
"""

from collections.abc import Mapping

# A list without its NULLs: DuckDB's set functions on lists drop them, Spark's keep
# them.
_KNOWN_A, _KNOWN_B = "ARRAY_COMPACT({0})", "ARRAY_COMPACT({1})"

# Whole months from {1} to {2}, as DuckDB's date_sub counts them: the last day of a
# month completes it. For dates.
_MONTHS = (
    "IF({1} <= {2},"
    " (YEAR({2}) - YEAR({1})) * 12 + MONTH({2}) - MONTH({1})"
    " - IF(DAY({2}) < DAY({1}) AND DAY({2}) <> DAY(LAST_DAY({2})), 1, 0),"
    " (YEAR({2}) - YEAR({1})) * 12 + MONTH({2}) - MONTH({1})"
    " + IF(DAY({1}) < DAY({2}) AND DAY({1}) <> DAY(LAST_DAY({1})), 1, 0))"
)

_SAME: Mapping[str, tuple[str, ...]] = {  # a name and its other names
    "array_length": ("len", "list_length"),
    "list_intersect": ("array_intersect",),
    "list_has_any": ("array_has_any",),
    "list_distinct": ("array_distinct",),
    "list_concat": ("array_concat", "list_cat", "array_cat"),
    "list_position": ("array_position", "list_indexof", "array_indexof"),
    "list_extract": ("array_extract", "list_element"),
    "list_sort": ("array_sort",),
    "list_cosine_similarity": ("array_cosine_similarity",),
    "regexp_split_to_array": ("string_split_regex", "str_split_regex"),
    "arg_max": ("max_by", "argmax"),
    "arg_min": ("min_by", "argmin"),
    "log10": ("log",),
    "dayofweek": ("weekday",),
}

_RENDERINGS: Mapping[str, str] = {
    # Likeness of texts: Spark has none but levenshtein, and its Jaro-Winkler is another
    # one. See similarity.py.
    "jaro_winkler_similarity": "leo_jaro_winkler({0}, {1})",
    "jaro_similarity": "leo_jaro({0}, {1})",
    "damerau_levenshtein": "leo_damerau_levenshtein({0}, {1})",
    "within_one_edit": "(LEVENSHTEIN({0}, {1}, 1) >= 0)",
    "within_one_edit_or_swap": "(leo_damerau_levenshtein({0}, {1}) <= 1)",
    "jaccard": "leo_jaccard({0}, {1})",
    "hamming": "leo_hamming({0}, {1})",
    # A part's number may be another each time, for all that the planner knows: it
    # neither repeats nor moves the column.
    "barrier": "IF(SPARK_PARTITION_ID() >= 0, {0}, NULL)",
    # Lists. `len` and `array_length` are of lists here, `length` of text: DuckDB's are
    # of both, Spark's are not.
    "array_length": "SIZE({0})",
    "list_intersect": (
        # with an unknown list a known one has nothing in common
        "CASE WHEN {1} IS NULL THEN SLICE({0}, 1, 0)"
        f" ELSE ARRAY_COMPACT(ARRAY_INTERSECT({_KNOWN_A}, {_KNOWN_B})) END"
    ),
    "list_has_any": f"ARRAYS_OVERLAP({_KNOWN_A}, {_KNOWN_B})",
    "list_distinct": f"ARRAY_DISTINCT({_KNOWN_A})",
    "list_concat": "CASE WHEN {0} IS NULL THEN {1} WHEN {1} IS NULL THEN {0} ELSE "
    "CONCAT({0}, {1}) END",
    "list_position": "NULLIF(ARRAY_POSITION({0}, {1}), 0)",
    "list_extract": "TRY_ELEMENT_AT({0}, CAST({1} AS INT))",
    "list_slice": "SLICE({0}, {1}, GREATEST({2} - {1} + 1, 0))",
    "list_sort": "ARRAY_SORT({0})",
    "list_reverse": "REVERSE({0})",
    "flatten": "FLATTEN(ARRAY_COMPACT({0}))",
    "list_cosine_similarity": (
        "REDUCE(ZIP_WITH({0}, {1}, (x, y) -> CAST(x AS DOUBLE) * y), CAST(0 AS "
        "DOUBLE), (s, x) -> s + x)"
        " / SQRT(REDUCE({0}, CAST(0 AS DOUBLE), (s, x) -> s + CAST(x AS DOUBLE) * x)"
        " * REDUCE({1}, CAST(0 AS DOUBLE), (s, x) -> s + CAST(x AS DOUBLE) * x))"
    ),
    # Text. \A and \z, since Java's $ lets a line end stand behind it.
    "regexp_full_match": "({0} RLIKE CONCAT('\\\\A(?:', {1}, ')\\\\z'))",
    "regexp_split_to_array": "SPLIT({0}, {1})",
    "ord": "ASCII({0})",
    "suffix": "ENDSWITH({0}, {1})",
    # Time. A date is midnight UTC, the session's zone.
    "epoch": "(CAST(UNIX_MICROS(CAST({0} AS TIMESTAMP_LTZ)) AS DOUBLE) / 1000000)",
    "epoch_ms": "UNIX_MILLIS(CAST({0} AS TIMESTAMP_LTZ))",
    "dayofweek": "(DAYOFWEEK({0}) - 1)",
    "isodow": "(WEEKDAY({0}) + 1)",
    "to_days": "MAKE_DT_INTERVAL({0})",
    "to_months": "MAKE_YM_INTERVAL(0, {0})",
    "to_years": "MAKE_YM_INTERVAL({0}, 0)",
    # Numbers. DuckDB rounds the binary value half away from zero, Spark the decimal it
    # prints.
    "round": "(SIGN({0}) * FLOOR(ABS(CAST({0} AS DOUBLE)) + 0.5D))",
    "log10": "LOG10({0})",
    "log2": "LOG2({0})",
    "isnan": "IF({0} IS NULL, NULL, ISNAN({0}))",
    "isfinite": "(NOT ISNAN({0}) AND ABS({0}) < CAST('Infinity' AS DOUBLE))",
    # Aggregates. DuckDB's arg_max passes over rows whose result is NULL.
    "arg_max": "MAX_BY({0}, IF({0} IS NULL, NULL, {1}))",
    "arg_min": "MIN_BY({0}, IF({0} IS NULL, NULL, {1}))",
    "quantile_cont": "PERCENTILE({0}, {1})",
}

RENDERINGS: Mapping[str, str] = {
    name: _RENDERINGS[first]
    for first in _RENDERINGS
    for name in (first, *_SAME.get(first, ()))
}
"""DuckDB's name to Spark's text, other names included."""

OF_MORE_ARGUMENTS: Mapping[tuple[str, int], str] = {
    (
        "round",
        2,
    ): "(SIGN({0}) * FLOOR(ABS(CAST({0} AS DOUBLE)) * POWER(10D, {1}) + 0.5D) / "
    "POWER(10D, {1}))",
}
"""Renderings that hang on the number of arguments."""

OF_UNITS: Mapping[tuple[str, str], str] = {
    ("date_diff", "day"): "DATEDIFF({2}, {1})",
    ("date_diff", "month"): "((YEAR({2}) - YEAR({1})) * 12 + MONTH({2}) - MONTH({1}))",
    (
        "date_diff",
        "quarter",
    ): "((YEAR({2}) - YEAR({1})) * 4 + QUARTER({2}) - QUARTER({1}))",
    ("date_diff", "year"): "(YEAR({2}) - YEAR({1}))",
    ("date_sub", "day"): "DATEDIFF({2}, {1})",
    ("date_sub", "month"): _MONTHS,
    ("date_sub", "year"): f"(({_MONTHS}) DIV 12)",
}
"""Differences of dates: date_diff counts boundaries crossed, date_sub whole periods.
Spark has the latter only, and takes the last day of a month otherwise. Parts are
shifted by one: {1} is the start, {2} the end.
"""

OF_LIST_AGGREGATE: Mapping[str, str] = {
    "max": "ARRAY_MAX({0})",
    "min": "ARRAY_MIN({0})",
}
"""list_aggregate(l, name)."""

REFUSED: Mapping[str, str] = {
    "age": "date_sub('year', a, b)",
    "approx_quantile": "quantile_cont",
    "array_zip": "unnest the lists side by side",
    "asof": "a window over dated rows",
    "columns": "the columns by name",
    "format": "printf",
    "generate_series": "a table of numbers",
    "gen_random_uuid": "md5 of the key and the seed: random values differ between "
    "engines",
    "hash": "md5: hash values differ between engines",
    "histogram": "group by",
    "list_bool_and": "array_length(list_filter(l, lambda x: not x)) = 0",
    "list_bool_or": "array_length(list_filter(l, lambda x: x)) > 0",
    "list_resize": "list_slice",
    "list_where": "list_filter",
    "list_zip": "unnest the lists side by side",
    "map": "a table of two columns",
    "md5_number": "md5",
    "product": "exp(sum(ln(x)))",
    "random": "md5 of the key and the seed: random values differ between engines",
    "range": "a table of numbers",
    "row": "struct_pack(name := value)",
    "to_base": "printf",
    "uuid": "md5 of the key and the seed: random values differ between engines",
}
"""What does not carry over, and what to say instead."""
