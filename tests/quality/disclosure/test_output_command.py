"""`leo disclosure`: exit codes, what was approved before, rows about people."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.cli.app import app
from linkage.errors import ConfigError

SAFE = "Region,People\nNorth,40\nSouth,60\nTotal,100\n"


def leo(*arguments: object) -> tuple[int, str]:
    process = CliRunner().invoke(app, ["disclosure", *map(str, arguments)])
    if process.exception and not isinstance(process.exception, SystemExit):
        raise process.exception
    return process.exit_code, process.output


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_table_that_passes_and_one_that_does_not(tmp_path: Path) -> None:
    code, output = leo("check", write(tmp_path, "t.csv", SAFE))
    assert (code, "passes" in output) == (0, True)
    code, output = leo(
        "check",
        write(tmp_path, "u.csv", SAFE.replace("40", "4")),
        "--out",
        tmp_path / "safe",
    )
    assert code == 3
    assert "B2 (People): threshold: a count under 10 is shown" in output
    assert (tmp_path / "safe" / "u.csv").is_file()


def test_a_draft_is_written_next_to_its_table_and_declares_nothing_in_doubt(
    tmp_path: Path,
) -> None:
    table = write(
        tmp_path, "t.csv", "Region,People,In work\nNorth,40,20\nSouth,60,30\n"
    )
    code, output = leo("check", table, "--out", tmp_path / "safe")
    assert code == 3
    assert "C1 (In work): undeclared: its heading leaves a doubt" in output
    assert "remedy: declare it in t.toml" in output
    assert not (tmp_path / "safe" / "t.csv").exists()
    assert leo("check", table, "--draft")[0] == 0
    with pytest.raises(ConfigError, match=r"columns.In work.holds"):
        leo("check", table)
    schema = tmp_path / "t.toml"
    schema.write_text(
        schema.read_text("utf-8").replace('"?"', '"count"\npart_of = "People"'), "utf-8"
    )
    assert leo("check", table)[0] == 0


ONE_PERSON = (
    "school: small institution: 1 has fewer than 10 people",
    "pay: top-coding: the largest value is of 1 person",
)


def people(*lines: str) -> str:
    return "sex,born,school,pay\n" + "\n".join(lines) + "\n"


def test_rows_about_people(tmp_path: Path) -> None:
    rows = [*["F,2001,A,100"] * 12, *["M,2002,A,90"] * 12, "M,2001,B,500"]
    path = write(tmp_path, "people.csv", people(*rows))
    options = [
        "--quasi",
        "sex",
        "--quasi",
        "born",
        "--institution",
        "school",
        "--amount",
        "pay",
    ]
    code, output = leo("microdata", path, *options)
    assert code == 3
    assert (
        "sex, born: k-anonymity: 1 person shares a combination with fewer than 10; 1 "
        "are unique" in output
    )
    assert all(sign in output for sign in ONE_PERSON)
    assert (
        leo("microdata", write(tmp_path, "safe.csv", people(*rows[:-1])), *options)[0]
        == 0
    )


@pytest.mark.parametrize(
    ("column", "options"), [("AE_ID", []), ("learner", ["--person-column", "learner"])]
)
def test_rows_of_one_person_count_as_one_person(
    tmp_path: Path, column: str, options: list[str]
) -> None:
    """A person by year: twelve rows of one person are no twelve people."""
    rows = [f"p{n},F,A,100" for n in range(12)] * 3 + ["q,M,B,900"] * 12
    path = write(
        tmp_path, "years.csv", "\n".join([f"{column},sex,school,pay", *rows]) + "\n"
    )
    code, output = leo(
        "microdata",
        path,
        "--quasi",
        "sex",
        "--institution",
        "school",
        "--amount",
        "pay",
        *options,
    )
    assert code == 3
    assert (
        "sex: k-anonymity: 1 person shares a combination with fewer than 10; 1 are "
        "unique" in output
    )
    assert all(sign in output for sign in ONE_PERSON)


def test_signs_of_identifiers_are_reported_without_their_values(tmp_path: Path) -> None:
    path = write(tmp_path, "people.csv", "surname,note\nSmith,AB123456C\nJones,none\n")
    code, output = leo("microdata", path)
    assert code == 3
    assert "surname: identifier: its name is that of an identifier" in output
    assert "note: identifier: 1 different value looks like NINO" in output
    assert "AB123456C" not in output
    assert "Smith" not in output


def test_the_profiles_are_listed() -> None:
    code, output = leo("profiles")
    assert code == 0
    assert {line.split()[0] for line in output.splitlines()} >= {
        "leo_publication",
        "hesa",
        "ofqual",
        "acro",
        "ons_srs",
    }


def test_a_file_without_column_names_discloses_nothing_of_its_first_person(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "people.csv", "ZEBEDEE,AB123456C,F\nIAN,AB123457C,M\n")
    code, output = leo("microdata", path)
    assert code == 3
    assert "first line: identifier: it looks like a record" in output
    assert "column 2: identifier: 1 different value looks like NINO" in output
    with pytest.raises(
        ConfigError, match=r"no column sex\n  it has: 3 columns \(not shown"
    ) as error:
        leo("microdata", path, "--quasi", "sex")
    assert not [
        value for value in ("ZEBEDEE", "AB12345") if value in output + str(error.value)
    ]


def test_a_record_in_the_place_of_names_is_not_quoted(tmp_path: Path) -> None:
    """A file of people without a header, given for a table of results; with one, and
    with a schema of another table.
    """
    rows = "Zebedee,Quillfeather,29/03/1987,3\nOttoline,Grimspound,30/04/1988,4\n"
    table = write(tmp_path, "people.csv", rows)
    output = leo("check", table)[1]
    assert "dimension    A, B, C" in output
    write(tmp_path, "people.toml", '[columns.People]\nholds = "count"')
    with pytest.raises(ConfigError) as error:
        leo("check", table)
    output += str(error.value)
    output += leo(
        "check", write(tmp_path, "named.csv", f"Forename,Surname,Born,Grade\n{rows}")
    )[1]
    assert not [
        value
        for value in ("Zebedee", "Quillfeather", "29/03", "Grimspound")
        if value in output
    ]


def test_rows_without_ae_id_count_as_people(tmp_path: Path) -> None:
    rows = [*[(f"p{n}", "F", "A", 100) for n in range(12)], (None, "M", "B", 900)]
    path = tmp_path / "people.parquet"
    pq.write_table(
        pa.table(
            dict(
                zip(
                    ["AE_ID", "sex", "school", "pay"],
                    map(list, zip(*rows, strict=True)),
                    strict=True,
                )
            )
        ),
        path,
    )
    code, output = leo(
        "microdata",
        path,
        "--quasi",
        "sex",
        "--institution",
        "school",
        "--amount",
        "pay",
    )
    assert code == 3
    assert "sex: k-anonymity: 1 person" in output
    assert all(sign in output for sign in ONE_PERSON)


def test_probability_that_a_sample_unique_is_unique_in_the_population(
    tmp_path: Path,
) -> None:
    """A tenth of all, two unique people and one pair: 0.1 x 2 / (0.1 x 2 + 2 x 0.9 x 1)
    = 0.10.
    """
    path = write(
        tmp_path,
        "people.csv",
        people("F,2001,A,1", "F,2002,A,1", "M,2001,A,1", "M,2001,A,1"),
    )
    _, output = leo(
        "microdata", path, "--quasi", "sex", "--quasi", "born", "--fraction", "0.1"
    )
    assert "unique in the population with probability 0.10" in output
