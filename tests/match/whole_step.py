"""The small world of a whole step, linked once an engine: what several files of specs ask of the same rows."""

from dataclasses import dataclass
from typing import Any

from linkage.engine import Engine, rows
from tests.match.test_match_step import linked

DRAWS = 200


@dataclass(frozen=True)
class Told:
    """What a step says, without the engine that said it."""

    summary: dict[str, Any]
    columns: dict[str, tuple[str, ...]]
    """Of links and unlinked."""
    sampled: list[tuple[Any, ...]]
    sampled_columns: tuple[str, ...]


_TOLD: dict[str, Told] = {}


def whole_step(engine: Engine) -> Told:
    """LEFT and RIGHT of the specs of a step, with link sets drawn: on Spark it takes half a minute."""
    if engine.name not in _TOLD:
        found = linked(engine, samples=DRAWS)
        assert found.sampled is not None
        _TOLD[engine.name] = Told(
            found.summary,
            {name: getattr(found, name).columns for name in ("links", "unlinked")},
            [tuple(row.values()) for row in rows(engine, found.sampled)],
            found.sampled.columns,
        )
    return _TOLD[engine.name]
