"""Identifiers that pass the approval are found in the files, and nothing is
published.
"""

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.catalogue import Catalogue
from linkage.catalogue.years import Years
from linkage.engine import Engine, Table
from linkage.errors import GateError
from linkage.extract import MasterKey, Project, extract
from linkage.extract.guards import name_list, refuse_identifiers, table_signs
from linkage.extract.layout import Field, Layout

TODAY = datetime.date(2026, 6, 1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("QQ123456C", None),  # Q is in no number's first letters
        ("AB123456C", "NINO"),
        ("ab 12 34 56 c", "NINO"),
        ("A801200001001", "UPN"),
        ("1000000019", "ULN"),
        ("0810070012345", "HUSID"),
        ("SW1A 1AA", "postcode"),
        ("m11ae", "postcode"),
        ("born 2001-02-28", "full date"),
        ("28/02/2001", "full date"),
        ("20010228", "full date"),
        ("a.person@example.org", "e-mail address"),
        ("AB-12-34-56-C", "NINO"),
        ("refAB123456C", "NINO"),
        ("ＡＢ１２３４５６Ｃ", "NINO"),
        ("A80 1200 001 001", "UPN"),
        ("1000 000 019", "ULN"),
        ("943 476 5919", "NHS number"),
        ("SW1A-1AA", "postcode"),
        ("SW1A  1AA", "postcode"),
        ("born 3rd March 2001", "full date"),
        ("March 3, 2001", "full date"),
        ("28/02/01", "full date"),
        ("20100000000017", "record id"),
        ("Aaron Smith", "a person's name"),
        ("Smith, Aaron", "a person's name"),
        ("ok", None),
        ("201213", None),
        ("E12000007", None),
        ("CAH01-01-02", None),
        ("Z0001234", None),
        ("62.01/2", None),
        ("3 Marketing 2012", None),
        ("Northern Ireland", None),
        ("21Februry2001", "full date"),
        ("José  Smith-Jones", None),
        ("Aaron Lee Smith", "a person's name"),
    ],
)
def test_each_identifier_planted_in_a_text_is_found(
    engine: Engine,
    catalogue: Catalogue,
    key: MasterKey,
    make_project: Callable[..., Project],
    plant: Callable[[str], dict[str, Table]],
    tmp_path: Path,
    text: str,
    kind: str | None,
) -> None:
    table = {"name": "npd.ks4", "years": "2011/12-2012/13", "variables": ["Note"]}
    project = make_project(table=[table], link_metadata=False, formats=["parquet"])

    def publish() -> None:
        extract(
            engine,
            project,
            catalogue,
            plant(text),
            key,
            tmp_path / "out",
            run_info={},
            today=TODAY,
        )

    if kind is None:
        publish()
        assert (tmp_path / "out").exists()
        return
    with pytest.raises(GateError) as error:
        publish()
    assert f"npd_ks4.Note: 1 value looks like {kind}" in str(error.value)
    assert text not in str(error.value)
    assert not (tmp_path / "out").exists()


def signs(
    engine: Engine,
    catalogue: Catalogue,
    fields: list[Field],
    data: pa.Table,
    records: Sequence[Table] = (),
) -> list[str]:
    layout = Layout(
        "t", "T", "row", tuple(fields), years=Years.parse("2010/11-2014/15")
    )
    return [
        str(sign)
        for sign in table_signs(
            engine,
            catalogue,
            layout,
            engine.from_arrow(data),
            name_list(engine, records),
        )
    ]


@pytest.mark.parametrize(
    "name",
    ["NINO", "former_surname", "Date Of Birth", "UPN", "PMR", "home_postcode", "EMail"],
)
def test_a_column_with_an_identifiers_name_is_found(
    engine: Engine, catalogue: Catalogue, name: str
) -> None:
    faults = signs(
        engine, catalogue, [Field(name, "string", "")], pa.table({name: ["x"]})
    )
    assert faults == [f"t.{name}: its name is that of an identifier"]


def test_a_raw_key_where_a_pseudonym_should_be_is_found(
    engine: Engine, catalogue: Catalogue
) -> None:
    field = Field("AE_ID", "string", "", pseudonym_of="AE_ID")
    data = pa.table({"AE_ID": ["4orwptkxzcfpkdprcupbeip2ua", "17", None]})
    assert signs(engine, catalogue, [field], data) == [
        "t.AE_ID: 1 value looks like no pseudonym"
    ]


def test_numbers_as_long_as_an_identifier_are_found(
    engine: Engine, catalogue: Catalogue
) -> None:
    data = pa.table({"pay": pa.array([45_000, 1_000_000_019, 9_999_999_999_999])})
    faults = signs(engine, catalogue, [Field("pay", "integer", "")], data)
    assert faults == [
        "t.pay: 1 value looks like ULN",
        "t.pay: 1 value looks like HUSID",
    ]


@pytest.mark.parametrize(
    ("values", "count"),
    [
        (
            ["Zebedee O'Quartz-Vane", "QUARTZVANE, Zebedee"],
            1,
        ),  # of the run: a joined surname is another
        (["Zébédée Ann OQUARTZ VANE", "Zebedee Smith", "Zebedee Vane"], 1),
        (
            [f"OQuartz{suffix}" for suffix in "abcdefghi"] + ["Zebedee"],
            9,
        ),  # a column of names
        (
            [
                "White and Black Caribbean",
                "West Midlands",
                "Zebedee",
                "Z1 9EBEDEE OQ4UARTZ VANE",
            ],
            0,
        ),
    ],
)
def test_names_of_the_run_are_found_however_rare(
    engine: Engine, catalogue: Catalogue, values: list[str], count: int
) -> None:
    people = [
        ("ZEBEDEE ANN", "OQUARTZ VANE"),
        *(("ANN", f"OQUARTZ{suffix}") for suffix in "ABCDEFGHI"),
    ]
    records = engine.from_arrow(
        pa.table(
            {"forename": [f for f, _ in people], "surname": [s for _, s in people]}
        )
    )
    fields, data = [Field("a", "string", "")], pa.table({"a": values})
    expected = [
        f"t.a: {count} {'value looks' if count == 1 else 'different values look'} like "
        "a person's name"
    ]
    assert signs(engine, catalogue, fields, data, [records]) == (
        expected if count else []
    )
    assert signs(engine, catalogue, fields, data) == []


def test_lists_and_structs_are_read(engine: Engine, catalogue: Catalogue) -> None:
    data = pa.table({"a": [["x", "AB123456C"]], "b": [{"c": "SW1A 1AA"}]})
    faults = signs(
        engine, catalogue, [Field("a", "string", ""), Field("b", "string", "")], data
    )
    assert faults == [
        "t.a: 1 value looks like NINO",
        "t.b: 1 value looks like postcode",
    ]


def test_dates_in_the_range_of_births_are_found(
    engine: Engine, catalogue: Catalogue
) -> None:
    birth_dates = pa.array(["1995-03-04", "1996-05-06", "2012-01-01"]).cast(pa.date32())
    start_dates = pa.array(["2005-09-01", "2011-09-01", "2012-09-01"]).cast(pa.date32())
    fields = [Field("when", "date", ""), Field("since", "date", "")]
    faults = signs(
        engine, catalogue, fields, pa.table({"when": birth_dates, "since": start_dates})
    )
    assert faults == ["t.when: 2 different values look like a birth date"]


def test_a_column_that_nobody_approved_is_found(
    engine: Engine, catalogue: Catalogue
) -> None:
    faults = signs(
        engine, catalogue, [Field("a", "integer", "")], pa.table({"a": [1], "b": [2]})
    )
    assert faults == [
        "t.b: its name is that of a column that the project does not list"
    ]


def test_a_code_of_a_frame_is_not_an_identifier(
    engine: Engine, catalogue: Catalogue
) -> None:
    field = Field(
        "c", "string", "", labels={"AB123456": "a code that looks like a number"}
    )
    assert signs(engine, catalogue, [field], pa.table({"c": ["AB123456"]})) == []


def test_documents_are_read_too(
    engine: Engine, catalogue: Catalogue, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("ask at SW1A 1AA")
    with pytest.raises(
        GateError, match=r"README\.md\.text: 1 value looks like postcode"
    ):
        refuse_identifiers(
            engine, catalogue, name_list(engine), [], [tmp_path / "README.md"]
        )
