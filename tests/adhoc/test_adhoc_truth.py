"""Files of true pairs, as people write them."""

from pathlib import Path

import pytest

from linkage.adhoc.truth import FileTruth, of_one_file, pairs
from linkage.engine import Engine, rows
from linkage.errors import InputError


def _found(engine: Engine, path: Path) -> list[tuple[int, int]]:
    left = engine.sql("select * from (values (1, 'A1'), (2, 'A2')) as t(unit_id, source_id)")
    right = engine.sql("select * from (values (1, 'B1'), (2, 'B2')) as t(unit_id, source_id)")
    found = rows(engine, engine.sql("select * from {t} order by left_id", t=pairs(engine, path, left, right)))
    return [(int(row["left_id"]), int(row["right_id"])) for row in found]


@pytest.mark.parametrize(
    "text",
    [
        "left_id,right_id\nA1,B2\nA2,B1\nA1,B2\n",
        "right_id,left_id\nB2,A1\nB1,A2\n",
        "right_id;pupil\nB2;A1\nB1;A2\n",
        "customer;left_id\nB2;A1\nB1;A2\n",
        "pupil\tcustomer\nA1\tB2\nA2\tB1\n",
        "note,right_id,left_id\n,B2,A1\n,B1,A2\nnobody,B9,A1\n",
    ],
)
def test_true_pairs_are_read_by_the_names_of_their_columns(text: str, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(text)
    assert _found(engine, tmp_path / "truth.csv") == [(1, 2), (2, 1)]


def test_a_header_in_another_encoding_is_refused(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_bytes("left_id,größe\nA1,B1\n".encode("latin-1"))
    with pytest.raises(InputError, match="is no CSV in UTF-8"):
        _found(engine, tmp_path / "truth.csv")


def test_a_column_that_tells_groups_apart_is_no_truth(engine: Engine) -> None:
    """leo dedupe --truth sex made half of all pairs there are."""
    truth = FileTruth("sex", None, "sex")
    said = {name: f"select i + 1 as unit_id, i // {each} as kept from range(6000) as t(i)" for name, each in
            (("persons", 3), ("sexes", 3000))}  # fmt: skip
    assert engine.count(truth.in_units(engine, engine.sql(said["persons"]))) == 6000
    with pytest.raises(InputError, match="--truth sex: says of 3,000 records that they are of one person"):
        truth.in_units(engine, engine.sql(said["sexes"]))


def test_a_first_line_that_may_be_a_record_is_not_told(engine: Engine) -> None:
    with pytest.raises(InputError, match=r"neither a column of the file nor a file\n  it has: 3 columns \(not shown"):
        of_one_file(engine, "nobody", ["ZEBEDEE", "QUILLFEATHER", "GRIMSPOUND"])


def test_the_first_line_of_a_truth_without_names_is_not_told(engine: Engine, tmp_path: Path) -> None:
    """Identifiers of a first person stood in the message: a file of pairs or clusters that has no header."""
    (tmp_path / "truth.csv").write_text("K7Q,M2W,J9T\nK8Q,M3W,J8T\n")
    for read in (lambda: _found(engine, tmp_path / "truth.csv"),
                 lambda: of_one_file(engine, str(tmp_path / "truth.csv"), ["forename"])):  # fmt: skip
        with pytest.raises(InputError, match=r"it has: 3 columns \(not shown") as refused:
            read()
        assert not {"K7Q", "M2W", "J9T"} & set(str(refused.value).replace(",", " ").split())
