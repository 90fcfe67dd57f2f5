"""`leo config draft`: files that nobody has described get a run's file that runs, or an error that says what to change."""

import datetime
import random
import shutil
import tomllib
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from linkage.adhoc import draft as drafts
from linkage.adhoc.draft import Draft, draft
from linkage.adhoc.draft_text import quoted
from linkage.catalogue import load
from linkage.errors import ConfigError, InputError
from linkage.model import load as load_model
from linkage.pipeline import job
from tests.adhoc.conftest import CANARY, SHARED, write_csv
from tests.test_own_definitions import leo

FORENAMES = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Greta",
    "Hans",
    "Ida",
    "Jonas",
    "Karin",
    "Lukas",
    "Mia",
    "Noah",
    "Olga",
    "Paul",
]
SURNAMES = [
    "Müller",
    "Schmidt",
    "Weber",
    "Fischer",
    "Wagner",
    "Becker",
    "Hoffmann",
    "Schäfer",
    "Koch",
    "Bauer",
    "Richter",
    "Klein",
    "Wolf",
    "Braun",
]


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """The folder that a user stands in; definitions of their own are read from `mine`, each time anew."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path / "mine"))
    monkeypatch.setattr(job, "shipped", load)
    return tmp_path


def told(folder: Path, *files: Path, **others) -> drafts.Drafted:
    return draft(Draft(files, folder / "own.toml", folder / "mine", **others))


def checked(run: Path) -> job.Job:
    made = job.load_job(run)
    job.check_job(made, damaged=True)
    return made


def germans(count: int = 300) -> list[dict[str, str]]:
    draw = random.Random(8)
    first = datetime.date(1950, 1, 1)
    return [
        {
            "Kunden Nr": f"K{number}",
            "Vorname": draw.choice(FORENAMES),
            "Nachname": draw.choice(SURNAMES),
            "Geburtsdatum": (first + datetime.timedelta(days=draw.randrange(18_000))).strftime("%d.%m.%Y"),
            "Geschlecht": draw.choice("mw"),
            "PLZ": f"{draw.randrange(1_067, 99_999):05}",
            "Telefon": f"0{draw.randrange(30, 89)} {draw.randrange(100_000, 999_999)}",
            "Sozialversicherungsnummer": str(draw.randrange(10**10, 10**11)),
        }
        for number in range(count)
    ]


def test_two_files_get_a_run_that_says_how_each_is_read(at_home, files):
    done = told(at_home, files.left, files.right)
    source = tomllib.loads((at_home / "own.toml").read_text())["source"]
    assert source == {
        "pupils": {"dataset": "pupils", "table": "records", "files": ["pupils.csv"], "format": {"type": "csv"}},
        "customers": {
            "dataset": "customers",
            "table": "records",
            "files": ["customers.csv"],
            "format": {"type": "csv", "date_format": "%d/%m/%Y"},
        },
    }
    described = tomllib.loads((at_home / "mine" / "catalogue" / "customers.toml").read_text())["table"]["records"]
    assert {v["name"]: v.get("role") for v in described["variable"]} == {
        "id": "entity_key",
        "SURNAME": "surname",
        "FORENAME": "forename",
        "DOB": "dob",
        "SEX": "sex",
        "PCODE": "postcode",
    }
    assert described["entity_key"] == [["id"]]
    assert [path.name for path in done.written] == ["pupils.toml", "customers.toml", "frames.toml", "own.toml"]
    assert CANARY not in "".join(path.read_text() for path in done.written)
    assert list(checked(at_home / "own.toml").models) == ["pupils-customers"]


def test_the_run_that_was_drafted_links_the_files(at_home, files):
    asked = ["config", "draft", str(files.left), str(files.right), "--out", "mine", "--run", "own.toml"]
    drafted = leo(*asked, cwd=at_home)
    assert drafted.stdout.splitlines()[-1] == "next    leo --definitions mine config check own.toml"
    leo("--definitions", "mine", "run", "own.toml", "--out", "run", "--no-progress", cwd=at_home)
    (spine,) = (at_home / "run").glob("stages/*-spine/spine.parquet")
    [(right, wrong)] = duckdb.sql(
        f"""
        select count(*) filter (where pupil.entity_key[2:] = customer.entity_key[2:]),
               count(*) filter (where pupil.entity_key[2:] <> customer.entity_key[2:])
        from read_parquet('{spine}') as pupil
        join read_parquet('{spine}') as customer using (person_id)
        where pupil.source = 'pupils' and customer.source = 'customers'
        """
    ).fetchall()
    assert right >= 0.9 * SHARED
    assert wrong <= 3


def test_files_of_another_country_and_a_number_that_two_of_three_share(at_home):
    people = germans()
    write_csv(at_home / "kunden.csv", [{k: p[k] for k in list(p)[:7]} for p in people[:200]], ";", "cp1252")
    of_patients = [{"PatID": f"P{n}", **{k: v for k, v in p.items() if k != "Kunden Nr"}} for n, p in enumerate(people)]
    write_csv(at_home / "patienten.csv", [{**p, "PLZ": p["PLZ"].lstrip("0")} for p in of_patients])
    pension = pa.table(
        {
            "id": [f"R{n}" for n in range(200)],
            "vorname": [p["Vorname"] for p in people[100:]],
            "nachname": [p["Nachname"] for p in people[100:]],
            "geburtsdatum": [datetime.datetime.strptime(p["Geburtsdatum"], "%d.%m.%Y").date() for p in people[100:]],
            "sozialversicherungsnummer": [p["Sozialversicherungsnummer"] for p in people[100:]],
        }
    )
    parquet.write_table(pension, at_home / "rente.parquet")
    told(at_home, *(at_home / name for name in ("kunden.csv", "patienten.csv", "rente.parquet")))
    run = tomllib.loads((at_home / "own.toml").read_text())
    assert run["source"]["kunden"]["format"] == {
        "type": "csv",
        "delimiter": ";",
        "encoding": "cp1252",
        "date_format": "%d.%m.%Y",
    }
    assert run["source"]["kunden"]["columns"] == {"entity_key": "Kunden Nr"}
    assert "format" not in run["source"]["rente"]
    number = {name: source["keep"].get("national_number") for name, source in run["source"].items()}
    assert number == {"kunden": None, "patienten": "Sozialversicherungsnummer", "rente": "sozialversicherungsnummer"}
    assert [(step["left"], step["right"]) for step in run["step"]] == [("kunden", "patienten"), ("people", "rente")]
    patients = tomllib.loads((at_home / "mine" / "catalogue" / "patienten.toml").read_text())["table"]["records"]
    forms = {v["name"]: v.get("format") for v in patients["variable"]}
    assert (forms["PLZ"], forms["Sozialversicherungsnummer"]) == ("digits-5", "number")
    frames = tomllib.loads((at_home / "mine" / "catalogue" / "frames.toml").read_text())
    assert frames["kunden_sex"] == {"m": "Male", "w": "Female"}
    passes = tomllib.loads((at_home / "mine" / "passes" / "own.toml").read_text())["pass"]
    assert passes[0]["equal"] == ["x_national_number", "dob"]
    compared = [c.name for c in load_model(at_home / "mine" / "models" / "own.json").comparisons]
    assert {"x_national_number", "x_phone"} < set(compared)
    assert "uln" not in compared
    checked(at_home / "own.toml")


def test_what_no_run_reads_is_said_for_all_files_at_once(at_home, files):
    whole = [
        {"no": n, "name": f"{p['Vorname']} {p['Nachname']}", "dob": p["Geburtsdatum"]} for n, p in enumerate(germans())
    ]
    written = write_csv(at_home / "whole.csv", whole)
    other = write_csv(at_home / "other.csv", [{**row, "no": row["no"] + 5} for row in whole])
    with pytest.raises(InputError) as told_of:
        told(at_home, written, other)
    said = str(told_of.value)
    assert said.count("forename stands in one column with surname: give each a column of its own") == 2
    assert str(written) in said
    assert not (at_home / "own.toml").exists()
    assert not (at_home / "mine").exists()


def test_no_source_has_the_name_of_one_that_ships_or_of_another(at_home, files):
    for folder in ("new", "ilr"):
        (at_home / folder).mkdir()
    shutil.copy(files.left, at_home / "new" / "part-0.csv")
    shutil.copy(files.right, at_home / "ilr" / "part-0.csv")
    lines = files.right.read_text().splitlines(keepends=True)
    (at_home / "ilr" / "cis.csv").write_text("".join(lines[:150]))
    told(at_home, *(at_home / name for name in ("new/part-0.csv", "ilr/part-0.csv", "ilr/cis.csv")))
    source = tomllib.loads((at_home / "own.toml").read_text())["source"]
    assert {name: one["files"] for name, one in source.items()} == {
        "new": ["new/part-0.csv"],
        "ilr_2": ["ilr/part-0.csv"],
        "cis_2": ["ilr/cis.csv"],
    }


def test_a_workbook_and_a_file_without_a_key_are_told_together(at_home, files):
    keyless = [{k: v for k, v in p.items() if k not in ("Kunden Nr", "Sozialversicherungsnummer")} for p in germans()]
    path = write_csv(at_home / "keyless.csv", keyless)
    packed = at_home / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("kunden.csv", write_csv(at_home / "kunden.csv", germans()).read_bytes())
    with pytest.raises(InputError) as told_of:
        told(at_home, path, packed)
    said = str(told_of.value)
    assert f"{path}: no column tells its records apart\n    name it with --id, or number the rows" in said
    assert f"{packed}: a run reads Parquet, and CSV with names in its first line\n    save it as either" in said


def test_nothing_of_a_user_is_written_over(at_home, files):
    (at_home / "own.toml").write_text("[run]\n")
    with pytest.raises(ConfigError, match=r"own[.]toml: there already\n  name another --run or --out, or delete it"):
        told(at_home, files.left, files.right)
    assert (at_home / "own.toml").read_text() == "[run]\n"
    assert not (at_home / "mine").exists()


def test_frames_are_added_to_those_of_a_user(at_home, files):
    frames = at_home / "mine" / "catalogue" / "frames.toml"
    frames.parent.mkdir(parents=True)
    frames.write_text('[colour]\n1 = "Red"\n')
    told(at_home, files.left, files.right)
    assert list(tomllib.loads(frames.read_text())) == ["colour", "pupils_sex", "customers_sex"]


def test_a_disk_that_fills_leaves_nothing_half_drafted(at_home, files, monkeypatch):
    written = Path.write_text

    def full(path, text, **others):
        if path.name.startswith(".own.toml"):
            raise OSError(28, "No space left on device")
        return written(path, text, **others)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        told(at_home, files.left, files.right)
    assert not [path for path in at_home.rglob("*") if path.is_file()]


def test_what_its_values_alone_tell_is_left_to_be_named(at_home, files):
    towns = ["Aalen", "Bonn", "Celle", "Düren", "Essen", "Fulda", "Gotha", "Hagen"] * 40
    people = [{k: v for k, v in p.items() if k != "Telefon"} for p in germans()]
    left = write_csv(at_home / "left.csv", [{**p, "qx": town} for p, town in zip(people, towns, strict=False)])
    right = write_csv(at_home / "right.csv", [{**p, "vy": town} for p, town in zip(people, towns, strict=False)])
    done = told(at_home, left, right)
    assert any(note.endswith("name it with --map where it is to be compared") for note in done.notes)
    assert "qx" not in str(tomllib.loads((at_home / "own.toml").read_text()))
    for path in (at_home / "own.toml", *(at_home / "mine").rglob("*.*")):
        path.unlink()
    told(at_home, left, right, maps=["left.birth_town=qx", "right.birth_town=vy"])
    source = tomllib.loads((at_home / "own.toml").read_text())["source"]
    assert [one["keep"]["birth_town"] for one in source.values()] == ["qx", "vy"]


def test_a_birth_date_of_one_file_alone_is_left_out_with_the_reason(at_home, files):
    people = germans()
    left = write_csv(at_home / "left.csv", people)
    right = write_csv(at_home / "right.csv", [{k: v for k, v in p.items() if k != "Geburtsdatum"} for p in people[50:]])
    done = told(at_home, left, right)
    why = "dob is in none of the other files, so that nothing shows how it is to be read"
    assert f"left: {why}" in done.notes
    assert f"# not read: {why}\n[source.left]" in (at_home / "own.toml").read_text()
    checked(at_home / "own.toml")


def test_a_named_key_may_stand_in_several_rows_of_a_person(at_home, files):
    people = germans(120)
    twice = write_csv(at_home / "visits.csv", [{**p, "Kunden Nr": f"K{n // 2}"} for n, p in enumerate(people)])
    once = write_csv(at_home / "register.csv", [{**p, "Kunden Nr": f"R{n}"} for n, p in enumerate(people)])
    told(at_home, twice, once, ids=["Kunden Nr"])
    source = tomllib.loads((at_home / "own.toml").read_text())["source"]
    assert [one["columns"] for one in source.values()] == [{"entity_key": "Kunden Nr"}] * 2
    checked(at_home / "own.toml")


def test_a_key_that_no_file_has_is_told_as_it_was_given(at_home, files):
    with pytest.raises(ConfigError, match=r"^--id NUMBER: the left file has no column 'NUMBER'\n  it has: person_id, "):
        told(at_home, files.left, files.right, ids=["NUMBER"])


def test_a_map_names_a_file_by_its_source(at_home, files):
    with pytest.raises(
        ConfigError, match=r"--map clients.surname=X: no file is called 'clients'\n  there are: customers"
    ):
        told(at_home, files.left, files.right, maps=["clients.surname=X"])
    told(at_home, files.left, files.right, maps=["customers.postcode=PCODE", "left.other=gender"])
    described = tomllib.loads((at_home / "mine" / "catalogue" / "pupils.toml").read_text())["table"]["records"]
    assert {v["name"]: v.get("role") for v in described["variable"]}["gender"] is None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_string_of_toml(text):
    assert tomllib.loads(f"held = {quoted(text)}")["held"] == text
