"""Postcodes of other countries and numbers of persons, in the form that the catalogue
gives.
"""

import pytest

from linkage.catalogue import PROBLEMS, Catalogue, Dataset, load
from linkage.config import Source
from linkage.engine import rows as as_dicts
from linkage.errors import ConfigError
from linkage.records import gather_entities, read_source
from linkage.records.standardise import PersonColumns, standard_view
from tests.records.conftest import _variable


@pytest.mark.fast
@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("form", "raw", "expected"),
    [
        ("code", "k1a 0b1", "K1A0B1"),
        ("code", "1234 ab", "1234AB"),
        ("code", "SW1A1AA", "SW1A 1AA"),  # as in a source whose postcodes are British
        ("code", "ZZ99 3VZ", "ZZ993VZ"),  # for other forms it is not a sentinel
        ("code", "UNKNOWN", None),
        ("code", "00000", None),
        ("number", "123-45-6780", "123456780"),
        ("number", "123456789", None),
        ("number", "999999999", None),
        ("number", "not known", None),
    ],
)
def test_a_code_has_one_form(engine, world, form, raw, expected):
    table = world(f"code:text\n{raw}")
    persons = PersonColumns({"postcode": "code"}, forms={"code": form})
    row = as_dicts(engine, standard_view(engine, table, persons)[0])[0]
    assert row["postcode"] == expected
    assert row["problems"] == (0 if expected else PROBLEMS["postcode"])


def catalogue_with(**formats):
    """A catalogue of one register of another country, whose postcodes and numbers have
    these formats.
    """
    variables = [
        _variable("ID", "string", "entity_key", required=True),
        _variable("NAVN", "string", "surname"),
        _variable("KJONN", "string", "sex", frame="sexes"),
        _variable("POSTNR", "string", "postcode", format=formats.get("postcode")),
        _variable("FNR", "string", None, format="number", identifiability=1),
    ]
    table = {
        "name": "persons",
        "title": "t",
        "grain": "g",
        "entity_key": [["ID"]],
        "variable": variables,
    }
    dataset = Dataset.model_validate(
        {"dataset": "register", "title": "t", "owner": "o", "table": {"persons": table}}
    )
    return Catalogue(
        datasets={"register": dataset}, frames={"sexes": {"M": "Male", "K": "Female"}}
    )


def read(engine, folder, text, catalogue, **source):
    (folder / "a.csv").write_text(text)
    source_def = Source(
        dataset="register",
        table="persons",
        files=("a.csv",),
        format={"type": "csv"},
        **source,
    )
    return read_source(engine, catalogue, "register", source_def, folder)


CSV = "ID,NAVN,KJONN,POSTNR,FNR\n1,Berg,K,0150,010203 12345\n2,Dahl,M,,\n"


def test_a_postcode_is_british_only_where_the_catalogue_says_so(engine, tmp_path):
    for form, expected, flag in (
        (None, "0150", 0),
        ("code", "0150", 0),
        ("postcode", None, PROBLEMS["postcode"]),
    ):
        records = as_dicts(
            engine, read(engine, tmp_path, CSV, catalogue_with(postcode=form)).records
        )
        assert [(r["postcode"], r["problems"]) for r in records] == [
            (expected, flag),
            (None, 0),
        ], form


def test_a_renamed_column_keeps_its_codes_and_its_form(engine, tmp_path):
    """Codes of the sexes and the form of a postcode are the role's, whatever the file
    calls the column.
    """
    text = CSV.replace("KJONN", "K").replace("POSTNR", "P")
    names = {"columns": {"sex": "K", "postcode": "P"}}
    records = as_dicts(
        engine,
        read(engine, tmp_path, text, catalogue_with(postcode="code"), **names).records,
    )
    assert [(r["sex"], r["postcode"]) for r in records] == [("F", "0150"), ("M", None)]


def test_a_kept_number_has_the_name_of_the_configuration(engine, tmp_path):
    records = read(
        engine, tmp_path, CSV, catalogue_with(), keep={"national_number": "FNR"}
    ).records
    assert [r["x_national_number"] for r in as_dicts(engine, records)] == [
        "01020312345",
        None,
    ]
    result = gather_entities(
        engine, records, kept=("x_health_number", "x_national_number")
    )
    entity = as_dicts(engine, result.entities)[0]
    assert (entity["x_national_number"], entity["x_health_number"]) == (
        ["01020312345"],
        None,
    )
    assert {"x_national_number", "x_health_number"} <= set(
        result.identifier_records.columns
    )


def test_a_catalogue_with_an_unknown_form_of_postcodes_is_refused(tmp_path):
    variable = (
        '{ name = "PC", type = "string", role = "postcode", format = "digits", concept '
        '= "c", identifiability = 2, '
        'sensitivity = "E", description = "d" }'
    )
    (tmp_path / "r.toml").write_text(
        'dataset = "r"\ntitle = "t"\nowner = "o"\n[table.t]\ntitle = "t"\ngrain = '
        f'"g"\nvariable = [{variable}]\n'
    )
    with pytest.raises(ConfigError) as error:
        load(tmp_path)
    assert "r.toml: table.t.PC: 'digits'" in str(error.value)
    assert "postcode (a British one), code, number" in str(error.value)


def test_two_tables_of_one_name_are_refused(tmp_path):
    for dataset, table in (("a_b", "c"), ("a", "b_c"), ("a.d", "e")):
        (tmp_path / f"{dataset}.toml").write_text(
            f'dataset = "{dataset}"\ntitle = "t"\nowner = "o"\n[table.{table}]\ntitle '
            '= "t"\ngrain = "g"\nvariable = []\n'
        )
    with pytest.raises(ConfigError) as error:
        load(tmp_path)
    assert "two tables are a_b_c (dataset_table)" in str(error.value)
    assert (
        "a.d.e: names of datasets and tables are letters, digits, underscores and "
        "hyphens" in str(error.value)
    )
