"""Records that stand in a file again and again, word for word, and are taken for as many people."""

import pytest

from linkage.adhoc.repeated import notes
from linkage.engine import Engine

FIELDS = ("surname", "dob")


@pytest.mark.parametrize(
    ("person", "surname", "told"),
    [
        ("range", "'S' || range", ["a.csv: 30 records are of one text in all that is compared, and stay apart"]),
        ("case when range < 30 then 0 else range end", "'S' || range", []),  # one person's, thirty times
        ("range", "'S' || range % 4", []),  # few surnames: namesakes
    ],
    ids=["placeholder", "one person", "namesakes"],
)
def test_placeholders_are_told_of(engine: Engine, person: str, surname: str, told: list[str]) -> None:
    """Thirty of one hundred records are of one text."""
    units = engine.sql(
        f"""
        select range as unit_id, case when range < 30 then 'TEST' else {surname} end as surname,
               case when range < 30 then null else '1990' end as dob
        from range(100)
        """
    )
    members = engine.sql(f"select range as unit_id, {person} as cluster_id from range(100)")
    found = notes(engine, "a.csv", units, members, FIELDS)
    assert [note.partition(", since")[0] for note in found] == told
    assert not any("TEST" in note for note in found)
