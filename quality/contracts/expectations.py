"""The only place that knows Great Expectations: shares and their limits in, met or not met out."""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


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
    """Whether each expectation is met, by a checkpoint with one suite for each source.

    The data that the checkpoint sees is one row: the share that fails each rule.
    """
    if not expectations:
        return []
    with _quiet():
        import pandas as pd

        frame = pd.DataFrame({_column(i): [expectation.share] for i, expectation in enumerate(expectations)})
        outcome = _checkpoint(expectations).run(batch_parameters={"dataframe": frame})
    met: dict[str, bool] = {}
    for validation in outcome.run_results.values():
        for result in validation.results:
            met[result.expectation_config.kwargs["column"]] = bool(result.success)
    return [met[_column(i)] for i in range(len(expectations))]


def _checkpoint(expectations: Sequence[Expectation]) -> Any:
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.variables.data_docs_sites = {}
    asset = context.data_sources.add_pandas("counts").add_dataframe_asset("shares")
    batch = asset.add_batch_definition_whole_dataframe("all")
    validations = []
    for source in dict.fromkeys(expectation.source for expectation in expectations):
        suite = context.suites.add(gx.ExpectationSuite(name=f"{source}_contract"))
        for index, expectation in enumerate(expectations):
            if expectation.source == source:
                suite.add_expectation(
                    gxe.ExpectColumnValuesToBeBetween(
                        column=_column(index),
                        min_value=0,
                        max_value=expectation.limit,
                        severity=expectation.severity,
                        meta={"rule": expectation.rule, "column": expectation.column},
                    )
                )
        validations.append(
            context.validation_definitions.add(gx.ValidationDefinition(name=source, data=batch, suite=suite))
        )
    return context.checkpoints.add(
        gx.Checkpoint(
            name="door",
            validation_definitions=validations,
            actions=[],
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
        )
    )


def _column(index: int) -> str:
    return f"expectation_{index}"


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
