"""Further names that one file alone has a column of: not compared, but the other file may call people by them."""

from pathlib import Path

from linkage.adhoc.modelling import untrained
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from linkage.match.candidates import score_given
from linkage.model import from_dict
from linkage.model.comparisons import BESIDE

HELD = """id,forename,middle_name,surname,dob
1,James,Robert,Lee,1990-02-01
2,Anna,,Lowe,1980-03-04
3,Zoë,Ruth Mary,Bell,1971-05-06
"""
CALLED = """ref,forename,surname,dob
1,Robert,Lee,01/02/1990
2,Anna,Lowe,04/03/1980
3,Mary,Bell,06/05/1971
"""


def test_who_is_called_by_a_further_name_is_known(engine: Engine, tmp_path: Path) -> None:
    """Files that share no middle names lost the one file's: James Robert and Robert were two people."""
    for name, text in (("left.csv", HELD), ("right.csv", CALLED)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    read = two_files(engine, Asked(tmp_path / "left.csv", tmp_path / "right.csv"), tmp_path / "scratch")
    assert read.kinds["middle_names"] == BESIDE
    raw = untrained(read.kinds).raw
    assert [comparison["output_column_name"] for comparison in raw["comparisons"]] == ["forename", "surname", "dob"]
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            level |= {"m_probability": 0.1, "u_probability": 0.1}
            level.pop("tf_adjustment_column", None)
    pairs = engine.sql("select range as left_id, range as right_id from range(1, 4)")
    model = from_dict(raw)
    scored = score_given(engine, model, *read.sides, {}, pairs)
    labels = {level.value: level.label for level in model.comparisons[0].levels}
    found = [labels[row["gamma_forename"]] for row in sorted(rows(engine, scored), key=lambda row: row["left_id"])]
    among = "forename: among middle_names of the other"
    assert found == [among, "forename: equal", among]
