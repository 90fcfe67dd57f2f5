"""One record of a school census for each pupil and key stage, as linkage needs no more."""

import functools
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.rules.settings import Strict, settings
from synthetic.world.world import Columns, rows_of


class Census(Strict):
    """What makes a pupil and a stage in one table."""

    pupil: str  # column of the pupil's reference, a dictionary
    year_group: str
    stages: tuple[tuple[str, ...], ...]  # values of the year group in each stage


class Stages(Strict):
    """All of stages.toml."""

    why: str
    table: dict[str, Census]


@functools.cache
def stages() -> Stages:
    """The shipped configs/synthetic/identities/stages.toml.

    Raises:
        ConfigError: the file has faults; all are named at once.
    """
    return settings("identities/stages.toml", Stages)


def last_of_each_stage(name: str, columns: Columns) -> Columns:
    """The last record of each pupil and stage of a census, for example "npd_census"; all rows of another table."""
    rule = stages().table.get(name)
    return rows_of(columns, _last(rule, columns)) if rule else columns


def _last(rule: Census, columns: Columns) -> NDArray[np.bool_]:
    """The last row of each pupil and stage; rows of a pupil are in the order of time. One without a reference stays."""
    pupil = pc.fill_null(columns[rule.pupil].indices, -1).to_numpy().astype(np.int64)
    groups: Any = columns[rule.year_group]
    stage_of = {group: place for place, values in enumerate(rule.stages) for group in values}
    of_code = np.array([stage_of[group] for group in groups.dictionary.to_pylist()], np.int64)
    stage = of_code[groups.indices.to_numpy()]
    known = np.flatnonzero(pupil >= 0)
    key = (pupil * len(rule.stages) + stage)[known]
    last = np.full(key.max(initial=-1) + 1, -1)
    last[key] = known  # of several rows of one place the last one is left
    kept: NDArray[np.bool_] = pupil < 0
    kept[last[last >= 0]] = True
    return kept
