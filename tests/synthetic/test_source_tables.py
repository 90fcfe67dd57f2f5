"""The files are what the catalogue says: columns, types, codes, keys; and the truth
covers every row.
"""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from linkage.catalogue import shipped
from linkage.catalogue.arrow_types import ARROW_TYPES
from tests.synthetic.conftest import Read

SOURCES = {
    "npd": "census",
    "scotland": "pupils",
    "wales": "plasc",
    "ilr": "learners",
    "hesa": "students",
    "cis": "customers",
}
KEYS = {
    "npd": "PupilMatchingRefAnonymous",
    "scotland": "ScottishCandidateNumber",
    "wales": "UPN",
    "ilr": "ULN",
    "hesa": "HUSID",
    "cis": "NINO",
}
TABLES = [
    (name, table)
    for name in ("npd", "scotland", "wales", "ilr", "hesa", "cis", "hmrc", "dwp")
    for table, definition in shipped().datasets[name].table.items()
    if definition.generated
]


def test_every_table_of_the_catalogue_is_made(population: Path) -> None:
    folders = {
        (f.parent.name, f.name)
        for f in (population / "sources").glob("*/*")
        if f.is_dir()
    }
    assert folders == set(TABLES)


@pytest.mark.parametrize(("dataset", "table"), TABLES)
def test_columns_types_and_codes_are_the_catalogues(
    read: Read, dataset: str, table: str
) -> None:
    definition, content = (
        shipped().table(dataset, table),
        read(f"sources/{dataset}/{table}"),
    )
    assert content.schema.names == [v.name for v in definition.variable]
    assert content.schema.types == [ARROW_TYPES[v.type] for v in definition.variable]
    for variable in definition.variable:
        column = content[variable.name]
        assert column.null_count < len(column), f"{variable.name} is never filled"
        assert not (variable.required and column.null_count), (
            f"{variable.name} is required"
        )
        if variable.frame:
            extra = {
                str(code) for code in pc.unique(column).drop_null().to_pylist()
            } - set(shipped().frame(variable))
            assert not extra, f"{variable.name} has codes outside its frame"


# code of an institution: the least that may be in a column, after a remainder is taken
INVENTED = {
    "UKPRN": (19_000_001, 10**9),
    "URN": (810_000, 10**9),
    "LAESTAB": (9000, 10_000),
    "LA_ESTAB": (9000, 10_000),
    "SEEDCODE": (9000, 10_000),
}


def test_institutions_have_codes_outside_the_real_ranges(read: Read) -> None:
    counts: Counter[str] = Counter()
    for dataset, table in TABLES:
        for variable in shipped().table(dataset, table).variable:
            kind = variable.name.upper().removeprefix("PREV").removeprefix("PARTNER")
            if kind in INVENTED:
                codes = pc.unique(
                    read(f"sources/{dataset}/{table}")[variable.name].drop_null()
                ).to_numpy()
                assert (codes % INVENTED[kind][1]).min() >= INVENTED[kind][0], (
                    table,
                    variable.name,
                )
                counts[kind] += len(codes)
    assert set(counts) == set(INVENTED)


@pytest.mark.parametrize(("dataset", "table"), TABLES)
def test_keys_are_unique(read: Read, dataset: str, table: str) -> None:
    key = list(shipped().table(dataset, table).key)
    content = read(f"sources/{dataset}/{table}")
    if key:
        assert content.group_by(key).aggregate([]).num_rows == content.num_rows


def test_record_ids_are_unique_over_all_sources(read: Read) -> None:
    ids = pa.concat_arrays(
        [
            c
            for s, t in SOURCES.items()
            for c in read(f"sources/{s}/{t}")["RECORDID"].chunks
        ]
    )
    assert len(pc.unique(ids)) == len(ids)


@pytest.mark.parametrize(("source", "table"), SOURCES.items())
def test_truth_names_the_person_of_every_record_and_entity(
    read: Read, source: str, table: str
) -> None:
    content = read(f"sources/{source}/{table}")
    records = read("truth/records").filter(pc.field("source") == source)
    assert Counter(records["record_key"].to_pylist()) == Counter(
        map(str, content["RECORDID"].to_pylist())
    )
    entities = read("truth/entities.parquet").filter(pc.field("source") == source)
    owner = dict(
        zip(
            entities["entity_key"].to_pylist(),
            entities["person_id"].to_pylist(),
            strict=True,
        )
    )
    assert len(owner) == entities.num_rows
    person = dict(
        zip(
            records["record_key"].to_pylist(),
            records["person_id"].to_pylist(),
            strict=True,
        )
    )
    keys = set()
    for row in content.to_pylist():
        key = entity_key(source, row)
        assert owner[key] == person[str(row["RECORDID"])]
        keys.add(key)
    assert keys == set(owner)


def entity_key(source: str, row: dict[str, object]) -> str:
    """The entity key as docs/reference/tables.md says, worked out from the row."""
    if source == "ilr" and row["ULN"] == "9999999999":
        return f"{row['UKPRN']}|{row['LearnRefNumber']}"
    return str(row[KEYS[source]])


@pytest.mark.parametrize(
    ("child", "parent", "key", "unknown"),
    [
        (
            "npd/ap",
            "npd/census",
            "PupilMatchingRefAnonymous",
            0.04,
        ),  # some were outside schools in their only years
        ("npd/ks2", "npd/census", "PupilMatchingRefAnonymous", 0.0),
        (
            "npd/ks4",
            "npd/census",
            "PupilMatchingRefAnonymous",
            0.08,
        ),  # private schools send results, and no census
        ("npd/ks5", "npd/census", "PupilMatchingRefAnonymous", 0.25),
        ("npd/absence", "npd/census", "PupilMatchingRefAnonymous", 0.001),
        ("npd/exclusions", "npd/census", "PupilMatchingRefAnonymous", 0.001),
        ("npd/cin", "npd/census", "PupilMatchingRefAnonymous", 0.02),
        ("npd/cla", "npd/census", "PupilMatchingRefAnonymous", 0.02),
        ("hesa/qualifications", "hesa/students", "HUSID", 0.02),
        ("hmrc/employment", "cis/customers", "NINO", 0.02),
        ("hmrc/earnings", "cis/customers", "NINO", 0.02),
        ("hmrc/self_assessment", "cis/customers", "NINO", 0.02),
        ("dwp/benefits", "cis/customers", "NINO", 0.02),
    ],
)
def test_attribute_tables_carry_keys_that_identifiers_have(
    read: Read, child: str, parent: str, key: str, unknown: float
) -> None:
    parents = set(read(f"sources/{parent}")[key].to_pylist())
    children = set(read(f"sources/{child}")[key].to_pylist())
    assert len(children - parents) <= unknown * len(children)
