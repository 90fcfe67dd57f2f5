"""The only place that knows Great Expectations: shares and their limits in, met or not met out.

On Spark it counts too: it is given each row's flags, 1 where the row breaks a rule, and its own execution engine counts
and judges them. Neither way does it see a value of a person.
"""

import contextlib
import importlib
import importlib.util
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.errors import LeoError

_REMEDY = "install the version of great_expectations that leo-linkage was tested with (constraints.txt)"


class NotLookedAt(LeoError):
    """Great Expectations gave no counts: what stood in its way, in its own words, which may be the engine's."""

    def __init__(self, where: str, said: str = "") -> None:
        super().__init__(f"contracts: Great Expectations could not look at {where}\n  {_REMEDY}")
        self.said = said


@dataclass(frozen=True)
class Expectation:
    """At most `limit` of the `checked` rows fail."""

    rule: str
    source: str
    column: str | None
    checked: int
    failed: int
    limit: float
    severity: str  # "critical" or "warning"

    @property
    def share(self) -> float:
        return self.failed / self.checked if self.checked else 0.0


def judge(expectations: Sequence[Expectation]) -> list[bool]:
    """Whether each expectation is met: of all rules' shares and limits, a row each, none is over its limit.

    Great Expectations writes an expectation out some fifty times, whatever it asks: one for each rule took thirty times
    as long.

    Raises:
        LeoError: Great Expectations could not look at the rows.
    """
    if not expectations:
        return []
    with _quiet(), _as_a_program():
        import pandas as pd

        frame = pd.DataFrame(
            {
                "number": range(len(expectations)),
                "share": [expectation.share for expectation in expectations],
                "limit": [expectation.limit for expectation in expectations],
            }
        )
        asset = _context().data_sources.add_pandas("counts").add_dataframe_asset("shares")
        (result,) = _validated(_batch(asset, frame), "every", [_no_share_over_its_limit()], rows_called="number")
    if "unexpected_index_list" not in result.result:
        raise NotLookedAt("the shares of rows that fail")
    over = {row["number"] for row in result.result["unexpected_index_list"]}
    return [number not in over for number in range(len(expectations))]


@dataclass(frozen=True)
class Flagged:
    """A rule of which rows have a flag.

    Attributes:
        flag: the column of flags.
        limits: severity to the largest share of the flags that may be 1.
    """

    rule: str
    source: str
    column: str | None
    flag: str
    limits: Mapping[str, float]


def judge_frame(frame: Any, rules: Sequence[Flagged]) -> list[tuple[Expectation, bool]]:
    """Each rule at each severity, counted and judged on a Spark data frame of one source's flags.

    Args:
        frame: columns `flag` of all rules: 1, 0 or NULL.

    Raises:
        NotLookedAt: a flag was not counted.
    """
    asked = [(rule, severity, limit) for rule in rules for severity, limit in rule.limits.items()]
    if not asked:
        return []
    source = asked[0][0].source
    with _quiet(), _as_a_program():
        expected = _flags_of_rows(asked)
        asset = _context().data_sources.add_spark("flags", persist=False).add_dataframe_asset(source)
        results = _validated(_batch(asset, frame), source, expected)
    found = {result.expectation_config.meta["number"]: result for result in results}
    judged = []
    for number, (rule, severity, limit) in enumerate(asked):
        result = found[number]
        if result.exception_info.get("raised_exception") or "element_count" not in result.result:
            raise NotLookedAt(f"{rule.source}.{rule.column}: {rule.rule}", str(result.exception_info))
        checked = result.result["element_count"] - result.result["missing_count"]
        failed = result.result["unexpected_count"] or 0  # None where no row was looked at
        expectation = Expectation(rule.rule, rule.source, rule.column, checked, failed, limit, severity)
        judged.append((expectation, bool(result.success)))
    return judged


def _flags_of_rows(asked: Sequence[tuple[Flagged, str, float]]) -> list[Any]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=rule.flag,
            min_value=0,
            max_value=0,
            mostly=1 - limit,
            severity=severity,
            meta={"number": number, "rule": rule.rule, "column": rule.column},
        )
        for number, (rule, severity, limit) in enumerate(asked)
    ]


def _no_share_over_its_limit() -> Any:
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="limit", column_B="share", or_equal=True)


def _context() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.variables.data_docs_sites = {}
    return context


def _batch(asset: Any, frame: Any) -> Any:
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def _validated(batch: Any, source: str, expectations: list[Any], rows_called: str | None = None) -> Any:
    """Results of a suite of a source's expectations, of counts; where `rows_called` names a column, of what it holds in
    the rows that fail too.

    The suite is nowhere stored, since nobody asks for it again: a checkpoint reads what it has stored, compares it and
    writes it anew for each source, which took as long as the judging.
    """
    import great_expectations as gx

    suite = gx.ExpectationSuite(name=f"{source}_contract", expectations=expectations)
    told: dict[str, Any] = {"result_format": "BASIC", "partial_unexpected_count": 0}
    if rows_called:
        told |= {"result_format": "COMPLETE", "unexpected_index_column_names": [rows_called]}
    return batch.validate(suite, result_format=told).results


def _put_off(parent: str, name: str) -> None:
    """Have a module of a package loaded once something of it is asked for, unless it is already."""
    whole = f"{parent}.{name}"
    if whole in sys.modules or (spec := importlib.util.find_spec(whole)) is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[whole] = module
    spec.loader.exec_module(module)
    setattr(sys.modules[parent], name, module)


@contextlib.contextmanager
def _as_a_program() -> Iterator[None]:
    """Give the main module a file while Great Expectations is at work: where it has none, as in a notebook or under
    `python -c`, pyspark takes it for a doctest and ends the process with exit code 0, when it is imported."""
    _put_off("scipy", "stats")  # a second of four, for expectations of distributions, of which there are none
    main = sys.modules["__main__"]
    lacks = not hasattr(main, "__file__")
    if lacks:
        main.__file__ = ""
    try:
        yield
    finally:
        if lacks:
            del main.__file__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Great Expectations and what it imports warn of things that no user of ours can mend; and it must send nothing."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logger = logging.getLogger("great_expectations")
    level = logger.level
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
