"""Files of true pairs, as people write them."""

from pathlib import Path

import pytest

from linkage.adhoc.truth import FileTruth, TruePairs, of_one_file, pairs
from linkage.engine import Engine, rows
from linkage.errors import InputError


def _read(engine: Engine, path: Path, first: str = "A1", second: str = "A2") -> TruePairs:
    left = engine.sql(f"select * from (values (1, '{first}'), (2, '{second}')) as t(unit_id, source_id)")
    right = engine.sql("select * from (values (1, 'B1'), (2, 'B2')) as t(unit_id, source_id)")
    return pairs(engine, path, left, right)


def _found(engine: Engine, path: Path) -> list[tuple[int, int]]:
    table = _read(engine, path).table
    assert table is not None
    found = rows(engine, engine.sql("select * from {t} order by left_id", t=table))
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A1,B2\nA2,B1\n", "its first line is a pair of ids, and not the names of columns\n  give it a first line"),
        ("left_id,right_id\n", "the file of the truth holds a header and no lines\n  fetch it again"),
        ("", "the file of the truth is empty\n  fetch it again"),
        (
            "left_id,right_id\nB1,A1\nB2,A9\n",
            "none of its 2 true pairs names an id of each file; the other way round 1 do",
        ),
        ("a,b\nB1,A1\n", "none of its 1 true pairs names an id of each file; the other way round 1 do\n  call the ids"),
        (
            "left_id,right_id,is match\nA1,B1,1\nA1,B2,0\n",
            "its column is match says of 1 lines that they are no true pairs\n  keep the lines of the true ones alone",
        ),
    ],
)
def test_what_is_no_list_of_true_pairs_is_refused(text: str, said: str, engine: Engine, tmp_path: Path) -> None:
    """A first pair was lost as a header, no pair at all made a precision of 0, and judged ones were all taken for true."""
    (tmp_path / "truth.csv").write_text(text)
    with pytest.raises(InputError) as fault:
        _read(engine, tmp_path / "truth.csv")
    assert str(fault.value).startswith(f"{tmp_path / 'truth.csv'}: {said}")


def test_pairs_of_records_that_were_not_read_are_counted(engine: Engine, tmp_path: Path) -> None:
    """They were left out in silence, and so was what Excel had made of ids: 7 of 007."""
    (tmp_path / "truth.csv").write_text("left_id,right_id,match\n007,B1,true\n8,B2,true\n9,B2,true\n9.0,B9,true\n")
    said = "truth.csv: {} of its 4 true pairs name a record that was not read"
    assert _read(engine, tmp_path / "truth.csv", "007", "8").notes == [said.format(2)]
    (note,) = _read(engine, tmp_path / "truth.csv", "007", "008").notes
    assert note.startswith(f"{said.format(3)}; as numbers 1 name one: write ids as they stand in the files: 007 is")
    with pytest.raises(
        InputError, match="none of its 4 true pairs names an id of each file; as numbers 2 do\n  write ids"
    ):
        _read(engine, tmp_path / "truth.csv", "7", "08")


def test_lines_of_one_file_that_name_no_record_are_counted(engine: Engine, tmp_path: Path) -> None:
    ids = engine.sql("select * from (values (1, '01'), (2, '02'), (3, '3')) as t(unit_id, source_id)")
    for name, text in (
        ("pairs", "left_id,right_id\n01,02\n1,02\n8,9\n"),
        ("clusters", "id,cluster\n01,5\n02,5\n2,5\n"),
    ):
        (tmp_path / f"{name}.csv").write_text(text)
        (note,) = of_one_file(engine, str(tmp_path / f"{name}.csv"), ()).in_units(engine, ids).notes
        assert "of its 3 lines name a record that was not read; as numbers 1 name one" in note


def test_a_column_that_tells_groups_apart_is_no_truth(engine: Engine) -> None:
    """leo dedupe --truth sex made half of all pairs there are."""
    truth = FileTruth("sex", None, "sex")
    said = {name: f"select i + 1 as unit_id, i // {each} as kept from range(6000) as t(i)" for name, each in
            (("persons", 3), ("sexes", 3000))}  # fmt: skip
    table = truth.in_units(engine, engine.sql(said["persons"])).table
    assert table is not None
    assert engine.count(table) == 6000
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
