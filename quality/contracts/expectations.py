"""The only place that knows Great Expectations: it judges shares of failing rows, and
stores suites that others open.
"""

import contextlib
import functools
import importlib.metadata
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from linkage.catalogue import TableDef
from linkage.errors import LeoError
from linkage.extras import require
from quality.contracts.rules import Rule


def judge(shares: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each share of failing rows is within its limit: Great Expectations sees
    these numbers, and no person.

    Raises:
        LeoError: Great Expectations could not check the shares.
    """
    if not shares:
        return []
    require("a check of tables", "contracts")
    with quiet():
        import great_expectations as gx
        import great_expectations.expectations as gxe
        import pandas as pd
        from great_expectations.data_context.types.base import ProgressBarsConfig

        frame = (
            pd.DataFrame(shares, columns=["share", "limit"])
            .rename_axis("number")
            .reset_index()
        )
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("counts").add_dataframe_asset("shares")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
            {"dataframe": frame}
        )
        expectation = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="limit", column_B="share", or_equal=True
        )
        complete = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["number"],
        }
        result = batch.validate(expectation, result_format=complete).result
    if "unexpected_index_list" not in result:
        raise LeoError(
            "contracts: Great Expectations could not check the shares of rows that "
            "fail\n"
            "  install the version of great_expectations in constraints.txt"
        )
    failed_rows = {row["number"] for row in result["unexpected_index_list"]}
    return [number not in failed_rows for number in range(len(shares))]


def suite(
    name: str, table: str, described: TableDef, rules: Sequence[Rule]
) -> dict[str, Any]:
    """A table's rules as a suite of Great Expectations, in the JSON that it stores and
    loads.

    Args:
        name: of the suite, as results call their source.
        table: where in a run the table is that it can be run on.
    """
    return {
        "name": name,
        "expectations": [
            _stored(rule, severity, limit)
            for rule in rules
            for severity, limit in rule.limits.items()
        ],
        "meta": {"great_expectations_version": _version(), "table": table},
        "notes": f"{described.title}: {described.grain}",
    }


def _stored(rule: Rule, severity: str, limit: float) -> dict[str, Any]:
    type_, kwargs = rule.expectation
    share = (
        {"mostly": round(1 - limit, 12)} if limit and not rule.known else {}
    )  # 0.95, and not 0.9500000000000001
    document: dict[str, Any] = {
        "type": type_,
        "kwargs": kwargs | share,
        "meta": {
            "rule": rule.name,
            "column": rule.column,
            "source_columns": [variable.name for variable in rule.variables],
            "may_fail": limit,
        },
        "description": f"{rule.column}: {rule.name}" if rule.column else rule.name,
        "severity": severity,
    }
    notes = [variable.description for variable in rule.variables]
    return {**document, "notes": notes} if notes else document


@functools.cache
def _version() -> str:
    return importlib.metadata.version("great-expectations")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Great Expectations without its warnings, bars and analytics.

    The main module has a file meanwhile: where it has none, as in a notebook or under
    `python -c`, pyspark, which it imports, takes it for a doctest and ends the process
    with exit code 0.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    main, logger = sys.modules["__main__"], logging.getLogger("great_expectations")
    lacks_file, level = not hasattr(main, "__file__"), logger.level
    if lacks_file:
        main.__file__ = ""
    logger.setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        if lacks_file:
            del main.__file__
