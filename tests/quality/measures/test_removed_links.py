"""Links that the spine did not follow are counted with their step, by the rule, and judged."""

from collections.abc import Callable
from dataclasses import replace

from linkage.engine import Engine, Table
from quality.measures.evaluation import Inputs, evaluate


def test_a_step_says_which_of_its_links_the_spine_parted(
    engine: Engine, pupils_and_learners: Inputs, world: Callable[[str], Table]
) -> None:
    name = pupils_and_learners.steps[0].name
    cuts = world(f"""
        step   | left_id | right_id | rule
        {name} | 2       | 6        | two birth dates
        {name} | 3       | 5        | two sexes
        other  | 1       | 4        | two birth dates
    """)
    (step,) = evaluate(engine, replace(pupils_and_learners, cuts=cuts))["steps"]
    # The pair of 3 and 5 was not accepted, and that of 1 and 4 is another step's.
    assert step["removed_links"] == [{"rule": "two birth dates", "links": 1, "correct": 0, "wrong": 1}]
    (without,) = evaluate(engine, pupils_and_learners)["steps"]
    assert without["removed_links"] == []
