"""A Fellegi-Sunter model as Splink writes it: comparisons, levels, m and u, blocking
rules.

The file is Splink's own JSON, so an analyst can open it in Splink, and a model trained
in Splink runs here. Nothing of Splink is imported: scoring needs only what the file
says.
"""

import functools
import json
import math
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from linkage.config.toml_file import json_of
from linkage.errors import ConfigError
from linkage.model.conditions import (
    BlockingRule,
    agreements,
    parsed,
    refused_part,
    to_sql,
)

# Splink's stand-in for a probability that training never observed
# (splink.internals.constants, comparison_level).
NOT_OBSERVED = 1e-6
_NOT_OBSERVED_TEXT = "level not observed in training dataset"
# Description of a conditional comparison: "surname given postcode".
_CONDITIONAL = re.compile(r"\w+ given (\w+(?:, \w+)*)")
_SIDE = re.compile(r"(.+)_([lr])", re.IGNORECASE)

GIVE_A_MODEL = (
    "give a trained model (--model of leo link or leo dedupe; of a run: train = false)"
)
"""What to do where none can be trained."""
_SAVE = "save the model in Splink with save_model_to_json"


@dataclass(frozen=True)
class Level:
    """One grade of agreement. `value` counts down from full agreement to 0; -1 says
    that a side is NULL.
    """

    value: int
    condition: (
        str | None
    )  # SQL over <column>_l and <column>_r; None for everything else
    label: str
    m: float | None
    u: float | None
    tf_column: str | None = None
    tf_weight: float = 0.0
    tf_minimum_u: float = 0.0
    tf_base_u: float | None = None  # u of the exact level that the adjustment replaces

    @property
    def weight(self) -> float:
        """log2(m / u): the evidence that this level carries; 0 where a side is NULL or
        nothing was trained.
        """
        if self.value == -1 or self.m is None or self.u is None:
            return 0.0
        return math.log2((self.m or NOT_OBSERVED) / (self.u or NOT_OBSERVED))

    @property
    def adjusted(self) -> bool:
        """Whether the weight depends on how common the value is."""
        return self.tf_column is not None and self.tf_weight != 0 and self.value > 0

    def adjustment(self, left: float | None, right: float | None) -> float:
        """What the frequencies of the two values add to the weight, as the compiled
        scorer calculates it.
        """
        known = [frequency for frequency in (left, right) if frequency is not None]
        if not self.adjusted or not known:
            return 0.0
        return self.tf_weight * (
            math.log2(self.tf_base_u or 1.0) - math.log2(max(*known, self.tf_minimum_u))
        )


@dataclass(frozen=True)
class Comparison:
    """What one field, or several together, say of a pair."""

    name: str
    levels: tuple[
        Level, ...
    ]  # as evaluated: the first whose condition holds is the pair's level
    given: tuple[str, ...] = ()  # columns that agree, of a conditional comparison

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of a unit that the conditions read."""
        return tuple(
            dict.fromkeys(
                c for level in self.levels for c in sided_columns(level.condition)
            )
        )

    @property
    def is_trained(self) -> bool:
        """Whether every level has its m and u."""
        return all(
            level.m is not None and level.u is not None
            for level in self.levels
            if level.value >= 0
        )


@dataclass(frozen=True)
class Model:
    """A whole model. `raw` is the JSON it was read from, with everything that Splink
    knows and we do not use.
    """

    comparisons: tuple[Comparison, ...]
    blocking_rules: tuple[BlockingRule, ...]
    prior: float  # probability that two random records match
    raw: dict[str, Any]

    @property
    def prior_weight(self) -> float:
        """log2 of the prior odds."""
        return math.log2(self.prior / (1 - self.prior))

    @property
    def fields(self) -> tuple[Comparison, ...]:
        """The comparisons of one field each; conditional ones only correct what these
        count twice.
        """
        return tuple(
            comparison for comparison in self.comparisons if not comparison.given
        )

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of a unit that scoring and blocking read."""
        rule_columns = [
            column for rule in self.blocking_rules for column in rule.columns
        ]
        return tuple(dict.fromkeys([*self.compared, *rule_columns, *self.tf_columns]))

    @functools.cached_property
    def compared(self) -> tuple[str, ...]:
        """Columns of a unit that the comparisons read."""
        return tuple(
            dict.fromkeys(
                column
                for comparison in self.comparisons
                for column in comparison.columns
            )
        )

    @functools.cached_property
    def tf_columns(self) -> tuple[str, ...]:
        """Columns whose value frequencies adjust a weight."""
        levels = (
            level for comparison in self.comparisons for level in comparison.levels
        )
        return tuple(
            dict.fromkeys(
                level.tf_column
                for level in levels
                if level.adjusted and level.tf_column
            )
        )

    @property
    def is_trained(self) -> bool:
        """Whether every comparison is."""
        return all(comparison.is_trained for comparison in self.comparisons)

    def check_trained(self, where: str) -> None:
        """Refuse a model that lacks probabilities: its levels would weigh nothing.

        Raises:
            ConfigError: the comparisons that lack an m or a u.
        """
        if lacking := [
            comparison.name
            for comparison in self.comparisons
            if not comparison.is_trained
        ]:
            raise ConfigError(
                f"{where}: the model has no m and u for {', '.join(lacking)}\n"
                "  train it (train = true), or give a trained model"
            )

    def check_columns(self, known: Iterable[str], where: str, remedy: str = "") -> None:
        """Refuse a model that names columns which the records do not have.

        Args:
            remedy: what to do about it.

        Raises:
            ConfigError: the columns that are missing, and what there is.
        """
        present = {name.lower() for name in known}
        missing = [column for column in self.columns if column.lower() not in present]
        if missing:
            raise ConfigError(
                f"{where}: the model names columns that the records do not have: "
                f"{', '.join(missing)}\n"
                f"  they have: {', '.join(sorted(known))}"
                + (f"\n  {remedy}" if remedy else "")
            )

    def with_prior_of(
        self, trained_on: Sequence[int] | None, sizes: Sequence[int]
    ) -> "Model":
        """The model with the prior by which as many records of a hundred have a partner
        as where it was trained.

        The prior is the share of all pairs that match. Of files ten times as large as
        many records of a hundred have a partner, but of a hundred times as many pairs.

        Args:
            trained_on: records of both sides there; None where these are not known, and
                the prior stays.
            sizes: records of both sides here.
        """
        base, size = max(trained_on or sizes), max(sizes)
        if base == size or min(base, size) < 1:
            return self
        return from_dict(
            {
                **self.raw,
                "probability_two_random_records_match": min(
                    self.prior * base / size, 0.5
                ),
            }
        )

    def save(self, path: Path) -> None:
        """Write Splink's JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.raw, indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> Model:
    """Read a model file.

    Raises:
        ConfigError: no such file, no JSON, or no Splink model.
    """
    try:
        raw = json_of(path, _SAVE)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such model file\n  leo config files lists those that ship; "
            "leo model train writes one"
        ) from None
    return from_dict(raw, str(path))


def from_dict(raw: dict[str, Any], where: str = "model") -> Model:
    """A model from Splink's settings dictionary.

    Raises:
        ConfigError: it lacks what a Splink model has, or a condition is not SQL.
    """
    try:
        raw = _of_today(raw)
        comparisons = tuple(
            _comparison(comparison, where) for comparison in raw["comparisons"]
        )
        rules = tuple(
            _blocking_rule(rule, where)
            for rule in raw.get("blocking_rules_to_generate_predictions") or []
        )
        prior = float(raw.get("probability_two_random_records_match", 0.0001))
    except KeyError as lacking:
        raise ConfigError(
            f"{where}: not a Splink model: it has no {lacking}\n  {_SAVE}"
        ) from None
    except (
        TypeError,
        AttributeError,
        ValueError,
        ArithmeticError,
    ):  # a number of 1,000 digits fits in no float
        raise ConfigError(
            f"{where}: not a Splink model: a value is of another type than Splink's\n  "
            f"{_SAVE}"
        ) from None
    if not comparisons:
        raise ConfigError(
            f"{where}: the model compares nothing\n  give it comparisons: leo model "
            "train, or save_model_to_json in Splink"
        )
    names = [comparison.name.lower() for comparison in comparisons]
    if repeats := [
        comparison.name
        for comparison in comparisons
        if names.count(comparison.name.lower()) > 1
    ]:
        raise ConfigError(
            f"{where}: two comparisons are named '{repeats[0]}', in whatever case\n"
            "  give each an output_column_name of its own: of one name one level would "
            "stand for both"
        )
    if not 0 < prior < 1:
        raise ConfigError(
            f"{where}: probability_two_random_records_match is no share of pairs\n"
            "  it lies between 0 and 1, both excluded"
        )
    return Model(
        comparisons,
        rules,
        prior,
        {**raw, "probability_two_random_records_match": prior},
    )


def _of_today(raw: dict[str, Any]) -> dict[str, Any]:
    """The model with lambdas as DuckDB 2 writes them: Splink's library has the arrow
    that DuckDB 2 refuses.
    """
    raw = deepcopy(raw)
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            if "->" not in level["sql_condition"]:
                continue
            with suppress(
                sqlglot.errors.SqlglotError
            ):  # reported where its comparison is read
                condition = parsed(level["sql_condition"])
                if condition.find(exp.Lambda):
                    level["sql_condition"] = to_sql(condition)
    return raw


def _check_sql(condition: str, origin: str) -> None:
    try:
        part = refused_part(condition)
    except RecursionError:
        part = "brackets or operators that lie so deep within one another"
    except sqlglot.errors.SqlglotError as error:
        fault = (getattr(error, "errors", None) or [{"description": str(error)}])[0][
            "description"
        ]
        raise ConfigError(
            f"{origin}: a condition is not SQL in DuckDB's dialect: {fault}\n  "
            f"condition: {condition:.300}"
        ) from None
    if part:
        raise ConfigError(
            f"{origin}: a condition may not use {part}\n  it may compare the columns "
            "of a pair with operators and the "
            "functions of Splink's comparison library; prepare other values as columns "
            "of the files\n"
            f"  condition: {condition:.300}"
        )


@functools.lru_cache(maxsize=4096)
def sided_columns(condition: str | None) -> tuple[str, ...]:
    """Columns, without their _l or _r, that a level's condition reads, in order; none
    of ELSE.
    """
    if condition is None:
        return ()
    matches = (
        _SIDE.fullmatch(column.name)
        for column in parsed(condition).find_all(exp.Column)
    )
    return tuple(dict.fromkeys(match.group(1) for match in matches if match))


def _comparison(raw: dict[str, Any], origin: str) -> Comparison:
    name = _text(raw, "output_column_name", origin) or "comparison"
    place = f"{origin}: comparison '{name}'"
    levels = raw["comparison_levels"]
    for level in levels:
        if level["sql_condition"].strip().upper() != "ELSE":
            _check_sql(level["sql_condition"], place)
    grade = sum(1 for level in levels if not level.get("is_null_level"))
    exact = _exact_level_u(levels, place)
    parsed_levels = []
    for level in levels:
        null = bool(level.get("is_null_level"))
        grade -= 0 if null else 1
        column = level.get("tf_adjustment_column")
        base = (
            _probability(level, "u_probability", place)
            if level.get("disable_tf_exact_match_detection")
            else exact.get(str(column).lower())
        )
        weight = _finite(level, "tf_adjustment_weight", 1.0, place) if column else 0.0
        if (
            column
            and weight
            and base is None
            and level.get("u_probability") is not None
        ):
            raise ConfigError(
                f"{place} adjusts for '{column}' but has no exact level on it to "
                "adjust\n"
                "  add one, or take the adjustment out"
            )
        condition = level["sql_condition"]
        parsed_levels.append(
            Level(
                value=-1 if null else grade,
                condition=None if condition.strip().upper() == "ELSE" else condition,
                label=_text(level, "label_for_charts", place) or condition,
                m=None if null else _probability(level, "m_probability", place),
                u=None if null else _probability(level, "u_probability", place),
                tf_column=column,
                tf_weight=weight,
                tf_minimum_u=_finite(level, "tf_minimum_u_value", 0.0, place),
                tf_base_u=base,
            )
        )
    if not parsed_levels or parsed_levels[-1].condition is not None:
        raise ConfigError(
            f"{place} has no ELSE level at its end\n  add one, as the comparisons of "
            "Splink have it"
        )
    conditional = _CONDITIONAL.fullmatch(raw.get("comparison_description") or "")
    given_columns = tuple(conditional.group(1).split(", ")) if conditional else ()
    return Comparison(name, tuple(parsed_levels), given_columns)


def _text(raw: dict[str, Any], key: str, origin: str) -> str:
    value = raw.get(key) or ""
    if not isinstance(value, str):
        raise ConfigError(f"{origin}: {key} is no text\n  write it in quotes")
    return value


def _finite(level: dict[str, Any], key: str, default: float, origin: str) -> float:
    value = float(level.get(key, default))
    if not math.isfinite(value):
        raise ConfigError(
            f"{origin}: {key} of level '{level['sql_condition']}' has no end\n  give a "
            "finite number"
        )
    return value


def _probability(level: dict[str, Any], key: str, origin: str) -> float | None:
    value = level.get(key)
    if value is None or (isinstance(value, int | float) and 0 <= value <= 1):
        return value
    if value == _NOT_OBSERVED_TEXT:
        return NOT_OBSERVED
    raise ConfigError(
        f"{origin}: {key} of level '{level['sql_condition']}' is no probability\n  "
        "give one from 0 to 1"
    )


def _exact_level_u(
    levels: list[dict[str, Any]], origin: str
) -> dict[str, float | None]:
    """For each column, the u of the level that only says it is equal: Splink's base for
    term frequencies.
    """
    exact: dict[str, float | None] = {}
    for level in levels:
        if (
            level.get("is_null_level")
            or level["sql_condition"].strip().upper() == "ELSE"
        ):
            continue
        equalities = agreements(level["sql_condition"])
        if len(equalities) == 1 and equalities[0] and equalities[0].kind == "column":
            exact.setdefault(
                equalities[0].column.lower(),
                _probability(level, "u_probability", origin),
            )
    return exact


def _blocking_rule(raw: dict[str, Any] | str, origin: str) -> BlockingRule:
    if isinstance(raw, str):
        raw = {"blocking_rule": raw}
    _check_sql(raw["blocking_rule"], f"{origin}: a blocking rule")
    return BlockingRule(raw["blocking_rule"], tuple(raw.get("arrays_to_explode") or ()))
