"""The step that two files are linked by: as `leo link` makes it, and as its folder is opened again to be explained."""

from collections.abc import Mapping
from typing import Any

from linkage.config import Cardinality, Step

ASKED = ("threshold", "margin", "second_records", "cardinality", "each_once")
"""What makes the step, of what `leo link` was asked and found; its folder's manifest says it under these names."""


def step_of(said: Mapping[str, Any], *, samples: int = 0) -> Step:
    """The step of two files.

    Where units of both sides hold many links, nothing competes with a second record, and none is looked for.

    Args:
        said: what `ASKED` names; an earlier version's folder says less.
    """
    cardinality: Cardinality = said.get("cardinality") or "one-to-one"
    seconds = said.get("second_records") and cardinality != "many-to-many"
    return Step(
        name="link",
        left="left",
        right="right",
        train=False,
        accept_probability=said["threshold"],
        review_probability=min(0.5, said["threshold"]),
        margin=said["margin"],
        duplicates="join" if seconds else "leave",
        cardinality=cardinality,
        each_once=bool(said.get("each_once")),
        samples=samples,
    )
