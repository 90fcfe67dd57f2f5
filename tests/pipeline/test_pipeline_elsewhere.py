"""A run over registers of another country: postcodes of four digits, a national number,
codes and columns of its own.
"""

import csv
import datetime
import itertools
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import load, shipped
from linkage.config.resources import shipped_dir
from linkage.engine import rows as as_dicts
from linkage.extract import write_new_key
from linkage.pipeline import job
from quality.measures.characteristics import entities_described
from quality.measures.definitions import load as load_definitions
from tests.pipeline.village import _NAMES

PEOPLE, NUMBERED = 150, 60

REGISTER = """
dataset = "{name}"
title = "{name}"
owner = "Example"

[table.persons]
title = "Persons"
grain = "person"
entity_key = [["{key}"]]
generated = false
variable = [
  {{ name = "{key}", type = "string", role = "entity_key", required = true, concept = "identity", identifiability = 3, sensitivity = "E", description = "Key." }},
  {{ name = "FORNAVN", type = "string", role = "forename", concept = "name", identifiability = 1, sensitivity = "E", description = "Forename." }},
  {{ name = "ETTERNAVN", type = "string", role = "surname", concept = "name", identifiability = 1, sensitivity = "E", description = "Surname." }},
  {{ name = "FODT", type = "date", role = "dob", concept = "age", identifiability = 2, sensitivity = "E", description = "Birth." }},
  {{ name = "KJONN", type = "string", role = "sex", frame = "no_sex", concept = "sex", identifiability = 5, sensitivity = "C", description = "Sex." }},
  {{ name = "POSTNR", type = "string", role = "postcode", format = "code", concept = "address", identifiability = 2, sensitivity = "E", description = "Postcode." }},
  {{ name = "{number}", type = "string", format = "number", concept = "identity", identifiability = 1, sensitivity = "E", description = "National number." }},
]
"""

RUN = """
[run]
name = "elsewhere"
truth = "truth"
spine = ["skole"]

[source.skole]
dataset = "skole"
table = "persons"
files = ["skole.csv"]
format = { type = "csv", delimiter = ";", encoding = "cp1252", date_format = "%d.%m.%Y" }
keep = { national_number = "FNR" }

[source.lonn]
dataset = "lonn"
table = "persons"
files = ["lonn.parquet"]
keep = { national_number = "NR" }

[[step]]
name = "skole-lonn"
left = "skole"
right = "lonn"
passes = "passes.toml"
model = "model.json"

[outputs]
longitudinal = false
"""

PASSES = """
[[pass]]
name = "number"
why = "A national number is one person's; the birth date guards against a slip"
equal = ["x_national_number", "dob"]
"""


def person(index):
    born = datetime.date(1990, 1, 2) + datetime.timedelta(days=3 * index)
    return {
        "forename": _NAMES[(index * 5 + 3) % len(_NAMES)],
        "surname": _NAMES[(index * 7) % len(_NAMES)],
        "born": born,
        "sex": "MK"[index % 2],
        "postcode": f"1{100 + index % 40}",
        "number": f"{born:%d%m%y} {index:05d}",
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a run and of definitions of its own: two registers more. Everybody
    has another name to each of them; those without a number have moved as well.
    """
    catalogue = tmp_path / "catalogue"
    catalogue.mkdir()
    for name, key, number in (("skole", "ELEV", "FNR"), ("lonn", "LOPENR", "NR")):
        (catalogue / f"{name}.toml").write_text(
            REGISTER.format(name=name, key=key, number=number)
        )
    (catalogue / "frames.toml").write_text('[no_sex]\nM = "Male"\nK = "Female"\n')
    monkeypatch.setenv("LEO_DEFINITIONS", str(tmp_path))
    monkeypatch.setattr(
        job, "shipped", load
    )  # the one in use has been read, and is kept
    people = [person(index) for index in range(PEOPLE)]
    with (tmp_path / "skole.csv").open("w", encoding="cp1252", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(
            ["ELEV", "FORNAVN", "ETTERNAVN", "FODT", "KJONN", "POSTNR", "FNR"]
        )
        for index, p in enumerate(people):
            number = p["number"] if index < NUMBERED else ""
            born = p["born"].strftime("%d.%m.%Y")
            writer.writerow(
                [
                    f"E{index}",
                    p["forename"] + "ø",
                    p["surname"],
                    born,
                    p["sex"],
                    p["postcode"],
                    number,
                ]
            )
    names = _NAMES[::-1]
    columns = {
        "LOPENR": [f"L{index}" for index in range(PEOPLE)],
        "FORNAVN": [
            p["forename"] + "Ø" if i >= NUMBERED else "X" + names[i % 90]
            for i, p in enumerate(people)
        ],
        "ETTERNAVN": [
            p["surname"] if i >= NUMBERED else names[i % 80] + "X"
            for i, p in enumerate(people)
        ],
        "FODT": [p["born"] for p in people],
        "KJONN": [p["sex"] for p in people],
        "POSTNR": pa.array([int(p["postcode"]) for p in people], pa.int32()),
        "NR": [p["number"].replace(" ", "") for p in people],
    }
    pq.write_table(pa.table(columns), tmp_path / "lonn.parquet")
    (tmp_path / "truth").mkdir()
    keys = itertools.chain(
        *((("skole", f"E{i}", i), ("lonn", f"L{i}", i)) for i in range(PEOPLE))
    )
    entities = "".join(f"{source},{key},{index}\n" for source, key, index in keys)
    (tmp_path / "truth" / "entities.csv").write_text(
        f"source,entity_key,person_id\n{entities}"
    )
    model = (shipped_dir() / "models" / "education.json").read_text()
    (tmp_path / "model.json").write_text(model.replace("uln", "x_national_number"))
    (tmp_path / "passes.toml").write_text(PASSES)
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def test_numbers_and_postcodes_of_another_country_link_people(folder, leo):
    out = folder / "out"
    code, stdout, stderr = leo(
        "run", folder / "run.toml", "--out", out, "--no-progress"
    )
    assert code == 0, stdout + stderr
    evaluation = json.loads((out / "quality" / "evaluation.json").read_text())
    step = evaluation["steps"][0]
    links = {row["pass"]: row["links"] for row in step["passes"]}
    assert links["number"] == NUMBERED
    assert (step["accuracy"]["false"], step["accuracy"]["missed"]) == (0, 0)
    completeness = {
        row["identifier"]: row["present"]
        for row in evaluation["sources"][1]["completeness"]
    }
    assert (completeness["postcode"], completeness["x_national_number"]) == (
        PEOPLE,
        PEOPLE,
    )
    assert "National number" in (out / "report" / "index.html").read_text()


def test_outcomes_of_a_run_that_follows_none_of_the_cohorts(folder, leo, output):
    run = folder / "run.toml"
    run.write_text(RUN.replace("longitudinal = false", "longitudinal = true"))
    code, stdout, stderr = leo("run", run, "--out", folder / "out", "--no-progress")
    assert code == 0, stdout + stderr
    stdout = output(
        2, "report", "outcomes", folder / "out", "--out", folder / "outcomes"
    )
    assert (
        "follows none of the cohorts that are compared (ks4, further-education, "
        "graduate)" in stdout
    )
    assert "configs/outcomes/compared.toml" in stdout


def test_a_name_that_no_source_keeps_is_named_before_any_work(folder, output):
    run = folder / "run.toml"
    run.write_text(RUN.replace("keep = { national_number", "keep = { number_of_state"))
    message = output(3, "check", run)
    assert "step.skole-lonn.passes: passes have faults" in message
    assert "pass 'number': no identifier 'x_national_number'" in message
    assert (
        "the model names columns that the records do not have: x_national_number"
        in message
    )
    assert not (folder / "out").exists()


def test_a_run_that_links_nothing_is_refused_before_any_work(folder, leo):
    run = folder / "run.toml"
    run.write_text(RUN.partition("[[step]]")[0])
    write_new_key(folder / "master.key")
    for arguments in (
        ("run", run, "--out", folder / "out", "--key", folder / "master.key"),
        ("check", run),
    ):
        code, _, message = leo(*arguments)
        assert code == (3 if arguments[0] == "check" else 2)
        assert "the run's file has no [[step]]" in message
    assert not (folder / "out").exists()


def test_a_number_that_no_rule_of_conflicts_knows_is_reported(folder, leo, output):
    assert leo("check", folder / "run.toml")[1].count("\n") == 2
    for name in ("run.toml", "model.json", "passes.toml"):
        file = folder / name
        file.write_text(file.read_text().replace("national_number", "fnr"))
    message = output(0, "check", folder / "run.toml")
    assert (
        "source.skole.keep: fnr is a person's number, and no rule of conflicts knows it"
        in message
    )
    assert (
        "call it one of health_number, national_number, social_security_number, or "
        "name x_fnr" in message
    )


def test_a_foreign_postcode_gives_no_british_region(engine, world):
    """M5V 3L9 is Toronto; M5V is no outward code of Manchester. Beside it, a postcode
    that is British.
    """
    canadian = world("entity_id | postcode:text\n1 | M5V3L9")
    british = world("entity_id | postcode:text\n2 | M15 9XY")
    definitions = load_definitions()
    descriptions = {}
    for name, table in (("canada", canadian), ("england", british)):
        entities = engine.sql(
            "select entity_id, [postcode] as postcode from {t}", t=table, store=True
        )
        description = entities_described(
            engine, {name: entities}, {}, definitions, shipped()
        )
        descriptions[name] = as_dicts(engine, description)[0]
    assert "region" not in descriptions["canada"]
    assert descriptions["england"]["region"] == "E12000002"
