"""Conditions of a model that an engine cannot run, named before any work is done."""

from collections.abc import Iterator, Sequence

from linkage.engine import Engine, Table, quote
from linkage.errors import ConfigError
from linkage.model.compiled import rule_pairs
from linkage.model.splink_json import Model

_REMEDY = "write it with functions that the engine has, or take it out of the model"


def check_runs(
    engine: Engine, model: Model, left: Table, right: Table, where: str
) -> None:
    """Refuse a model of which the engine cannot run a condition: one of a function that
    it has not, say.

    Args:
        left, right: units, with the model's columns.
        where: the model's file.

    Raises:
        ConfigError: the first level or blocking rule of which this is so, and what the
            engine says of it.
    """
    levels, rules = list(_levels(model)), list(_rules(model))
    try:
        for query in (
            _of_levels(model, [condition for _, condition in levels]),
            *(query for _, _, query in rules),
        ):
            _ask(engine, query, left, right)
    except Exception:
        queries = [
            (name, condition, _of_levels(model, [condition]))
            for name, condition in levels
        ]
        for name, condition, query in [*queries, *rules]:
            try:
                _ask(engine, query, left, right)
            except Exception as error:
                message = str(error).splitlines()[0]
                raise ConfigError(
                    f"{where}: {name}: {message}\n  condition: {condition}\n  {_REMEDY}"
                ) from None
        raise


def _ask(engine: Engine, query: str, left: Table, right: Table) -> None:
    """Have a query planned as a whole, as an engine does before it reads a row."""
    plan = engine.sql(query, params=None, store=False, left=left, right=right)
    _ = plan.columns  # which an engine plans a query to know
    engine.drop(plan)


def _levels(model: Model) -> Iterator[tuple[str, str]]:
    for comparison in model.comparisons:
        for level in comparison.levels:
            if level.condition:
                yield (
                    f"comparison '{comparison.name}', level '{level.label}'",
                    level.condition,
                )


def _of_levels(model: Model, conditions: Sequence[str]) -> str:
    sides = ", ".join(
        f"{side}.{quote(name)} as {quote(f'{name}_{side}')}"
        for name in model.compared
        for side in "lr"
    )
    cases = ", ".join(
        f"case when {condition} then 1 end as level_{n}"
        for n, condition in enumerate(conditions)
    )
    return (
        f"select {cases} from (select {sides} from {{left}} as l cross join "
        f"{{right}} as r) as pairs where false"
    )


def _rules(model: Model) -> Iterator[tuple[str, str, str]]:
    for place, rule in enumerate(model.blocking_rules, 1):
        yield (
            f"blocking rule {place}",
            rule.condition,
            f"select * from ({rule_pairs(rule, ())}) as made where false",
        )
