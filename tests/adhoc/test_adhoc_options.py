"""What a person is told of columns, model and links while files are linked."""

from pathlib import Path

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.notes import model_notes
from linkage.adhoc.options import _one_sign, of_each, say_notes, say_recognised
from linkage.cli import main
from linkage.engine import Engine
from linkage.errors import ConfigError


def test_faults_and_warnings_of_the_model_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    say_notes(model_notes({"training": {"faults": ["sex speaks against"], "warnings": [f"w{n}" for n in range(5)]}}))
    assert capsys.readouterr().err.splitlines() == [
        "  note: the model: sex speaks against",
        *(f"  note: the model: w{n}" for n in range(3)),
        "  note: the model: 2 more of these in manifest.json",
    ]


def test_an_option_of_each_file_is_given_once_or_twice() -> None:
    assert [of_each(given, "--id") for given in (None, ["a"], ["a", "b"])] == [(None, None), ("a", "a"), ("a", "b")]
    with pytest.raises(ConfigError, match="--id is given 3 times"):
        of_each(["a", "b", "c"], "--id")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--delimiter", "ab", "one sign parts the columns"),
        ("--delimiter", "", "one sign parts the columns"),
        ("--seed", "-5", "greater than or equal to 0"),
        ("--margin", "inf", "less than or equal to 1000"),
    ],
)
def test_values_that_ended_as_unforeseen_errors_are_refused_before_any_work(
    option: str,
    value: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["leo", "link", "a.csv", "b.csv", "--out", str(tmp_path / "out"), option, value])
    with pytest.raises(SystemExit) as left:
        main()
    assert (left.value.code, said in " ".join(capsys.readouterr().err.split())) == (2, True)


@pytest.mark.parametrize("typed", [r"\t", "\t", "tab"])
def test_a_tab_may_be_typed(typed: str) -> None:
    assert _one_sign(typed) == "\t"


@pytest.mark.parametrize(("links", "said"), [(0, "no links, of 1,000"), (1, "only 1 link, of 1,000"), (5, "")])
def test_next_to_no_links_is_said(links: int, said: str) -> None:
    summary = {"decisions": {"accepted": links}, "left_units": 1000, "right_units": 2000}
    written = model_notes(summary, of_two_files=True)
    assert (said in written[0]) if said else not written
    assert not model_notes(summary), "of one file"


def test_columns_that_are_taken_for_nothing_are_listed(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ["id", "surname", "dob", *(f"x{n}" for n in range(10))]
    (tmp_path / "one.csv").write_text(",".join(header) + "\n" + ",".join(map(str, range(13))) + "\n")
    file = persons.read(engine, tmp_path / "one.csv", tmp_path / "scratch", delimiter=None, encoding=None)
    fields = {"surname": "surname", "dob": "dob"}
    say_recognised(Columns(fields, fields, "id", "id", by_content=("right.dob=dob",)), [file, file])
    said = capsys.readouterr().err
    assert "note: one.csv: taken for nothing, not compared: x0, x1, x2, x3, x4, x5, x6, x7 and 2 more" in said
    assert "taken by what they hold, not by their names: right.dob=dob; another one: --map right.dob=COLUMN" in said


def test_columns_of_a_wave_are_shown_where_one_of_them_is_known(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No whole name is known, and the file was said to have a record for its first line."""
    (tmp_path / "one.csv").write_text("forename_w3,age_w3,hhsize_w3\nAnn,40,2\nBo,50,3\n")
    file = persons.read(engine, tmp_path / "one.csv", tmp_path / "scratch", delimiter=None, encoding=None)
    fields = {"forename": "forename_w3", "age": "age_w3"}
    say_recognised(Columns(fields, fields, None, None), [file, file])
    assert "note: one.csv: taken for nothing, not compared: hhsize_w3" in capsys.readouterr().err


def test_an_encoding_that_was_named_is_not_called_into_question(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_bytes("id,surname\n1,Müller\n".encode("cp1252"))
    notes = [
        persons.read(engine, tmp_path / "one.csv", tmp_path / "scratch", delimiter=",", encoding=named).notes()
        for named in (None, "cp1252")
    ]
    assert [len(said) for said in notes] == [1, 0]


def test_all_columns_of_a_birth_date_are_shown(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That 'year' alone stands for the birth date was to be read as if month and day had been overlooked."""
    (tmp_path / "one.csv").write_text("id,first,last,year,month,day,dob\n1,Ann,Lee,1990,2,1,1990-02-01\n")
    file = persons.read(engine, tmp_path / "one.csv", tmp_path / "scratch", delimiter=None, encoding=None)
    left = {"forename": "first", "surname": "last", "dob": "year"}
    right = {"forename": "first", "surname": "last", "dob": "dob"}
    parts = {"birth_year": "year", "birth_month": "month", "birth_day": "day"}
    say_recognised(Columns(left, right, "id", "id", parts), [file, file])
    assert "dob year month day dob" in " ".join(capsys.readouterr().err.split())
