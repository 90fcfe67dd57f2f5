"""What a report says of a step's model."""

from typing import Any

from quality.report.sections.making import model_blocks

from linkage.catalogue import shipped
from quality import disclosure
from quality.measures.parameters import parameters
from quality.report.names import Names
from quality.report.page import Figure
from tests.quality.test_parameters import model


def _chances(*described: str) -> Figure:
    """The chart of m and u of a model of surnames, with further comparisons so described."""
    found: dict[str, Any] = model()
    for number, description in enumerate(described):
        more = {"output_column_name": f"more_{number}", "comparison_description": description}
        found["comparisons"].append({**found["comparisons"][0], **more})
    step = {"step": "first", "left": "npd", "right": "cis", "parameters": parameters(found)}
    drawn = model_blocks(step, Names(shipped()), disclosure.Disclosure(disclosure.load()))[-1]
    assert isinstance(drawn, Figure)
    return drawn


def test_what_only_takes_back_is_no_share_of_matches_and_is_not_drawn_as_one() -> None:
    """ "Surname changed with postcode" was said to be met among all pairs of one person, and half of those of two."""
    plain, with_more = _chances(), _chances("surname changed with postcode", "sex given forename")
    assert "Left out" not in plain.summary
    assert "Left out are comparisons such as “More 0”" in with_more.summary
    assert with_more.specs == plain.specs
    assert len(with_more.table.rows) == 3 * len(plain.table.rows), "their weights stay in the table"
