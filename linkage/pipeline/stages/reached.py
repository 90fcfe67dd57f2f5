"""True pairs that a step's blocking rules make: asked when the run is evaluated, never when it links."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from linkage.config import Step
from linkage.engine import Table
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.units import described, together
from linkage.model import from_dict
from linkage.pipeline.job import Job
from linkage.pipeline.stages.linking import sources_of_side
from linkage.pipeline.workspace import Workspace


def reached_in_step(space: Workspace, job: Job, step: Step) -> Callable[[Table], Mapping[str, Any]]:
    """Given true pairs (left_id, right_id), the counts of `true_pairs_reached`, with the rules that the step ran."""

    def reached(true_pairs: Table) -> Mapping[str, Any]:
        engine = space.engine
        model = from_dict(space.document(f"models/{step.name}.json"))
        before = list(job.config.step[: job.config.step.index(step)])
        wanted = list(dict.fromkeys(column for rule in model.blocking_rules for column in rule.columns))
        pairs = sample_of_pairs(engine, true_pairs)
        left = _side(space, step, pairs, "left", sources_of_side(job.config, step.left, before), wanted)
        right = _side(space, step, pairs, "right", sources_of_side(job.config, step.right, before), wanted)
        counts = true_pairs_reached(engine, model, (left, right), space.table(f"links/{step.name}"), pairs)
        engine.drop(left, right, pairs)
        return counts

    return reached


def _side(
    space: Workspace, step: Step, pairs: Table, side: str, sources: Sequence[str], wanted: Sequence[str]
) -> Table:
    """The units of a side that stand in the pairs, with the columns that the rules read."""
    members = space.engine.sql(
        f"""
        select distinct u.unit_id, u.entity_id
        from {{units}} as u
        join {{pairs}} as p on p.{side}_id = u.unit_id
        where u.side = '{side}'
        """,
        units=space.table(f"units/{step.name}"),
        pairs=pairs,
        store=True,
    )
    identities = [space.table(f"identities/{source}") for source in sources]
    return described(space.engine, together(space.engine, identities), members, wanted)
