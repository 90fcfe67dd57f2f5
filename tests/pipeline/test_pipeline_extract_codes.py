"""Every coded column of a released extract has its codes and their meaning, and holds
no other code.
"""

import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from linkage.catalogue import shipped
from linkage.catalogue.holdings import holdings, names_a_person
from linkage.engine import connect
from linkage.extract import Project, extract, master_key
from linkage.pipeline.folder import read_manifest
from linkage.pipeline.manifest import read_tables
from linkage.pipeline.stages.contracts import with_run_codes

KEYS = {"AE_ID", "EDUKEY", "PUPILMATCHINGREFANONYMOUS"}
WORDS = {
    "Title",
    "APTypeDescription",
    "EthnicBackground",
    "GORNM",
    "CTRYNM",
}  # each value is a word
PUBLISHED = {
    "SIC2007",
    "Main_SIC2007",
    "main_enterprise_linked_sic2007",
    "LearnAimRef",
}  # lists of thousands of codes


def extract_all(root: Path, key: Path, out: Path) -> tuple[Any, dict[str, Any]]:
    """Every variable that may leave a run, of all tables: what was published, and its
    data dictionary.
    """
    manifest = read_manifest(root)
    with connect("duckdb", within=[root, out.parent]) as engine:
        tables, parts = read_tables(engine, root, manifest), []
        for name, holding in holdings(shipped()).items():
            names = (
                tables[holding.run_table].columns
                if holding.run_table in tables and "lookup" not in name
                else ()
            )
            years = (
                str(holding.years or "2000/01-2020/21")
                if holding.year_columns or holding.spell_columns
                else None
            )
            columns = {
                v.name
                for v in holding.definition.variable
                if v.name in names and not names_a_person(v)
            } - KEYS
            parts += (
                [{"name": name, "years": years, "variables": sorted(columns)}]
                if columns
                else []
            )
        raw = {
            "id": "all",
            "title": "All",
            "organisation": "O",
            "purpose": "P",
            "table": parts,
            "link_metadata": True,
        }
        decision = {"reference": "D", "date": "2026-01-01", "expires": "2027-01-01"}
        project = Project.model_validate(
            {**raw, "decision": decision, "analysis": ["person", "person_month"]}
        )
        catalogue, today = (
            with_run_codes(shipped(), manifest),
            datetime.date(2026, 6, 1),
        )
        result = extract(
            engine,
            project,
            catalogue,
            tables,
            master_key(key),
            out,
            run_info={},
            today=today,
        )
    return result, json.loads((out / "datapackage.json").read_text())


def test_every_variable_of_the_catalogue_that_is_a_code_has_a_frame() -> None:
    variables = [
        variable
        for holding in holdings(shipped()).values()
        for variable in holding.definition.variable
    ]
    codes = [
        v
        for v in variables
        if v.type == "string" or v.description.startswith(("1 where", "1:"))
    ]
    gaps = {
        v.name
        for v in codes
        if not (v.frame or v.institution or names_a_person(v) or v.name in KEYS)
    }
    assert gaps == WORDS | PUBLISHED


def test_every_coded_column_of_an_extract_has_its_codes_and_no_other(
    linked_village: Any, tmp_path: Path
) -> None:
    result, package = extract_all(
        linked_village.root, linked_village.key, tmp_path / "out"
    )
    assert result.off_frame == ()
    code_lists = {}
    for resource in package["resources"]:
        rows = pq.read_table(tmp_path / "out" / resource["path"])
        for field in resource["leo:schema"]["fields"]:
            name, place = field["name"], f"{resource['leo:table']}.{field['name']}"
            codes = code_lists[name] = {
                str(category["value"]) for category in field.get("categories", ())
            }
            if (
                field["type"] == "string"
                and "leo:pseudonym" not in field
                and name not in WORDS | PUBLISHED | {"sources"}
            ):
                assert codes, f"{place} lacks a code list"
            assert (
                not codes
                or {str(v) for v in rows[name].to_pylist() if v is not None} <= codes
            ), place
    assert {"five", "rule 1", "rule 2"} <= code_lists["link_pass"]
    guide = (tmp_path / "out" / "README.md").read_text()
    for row in (
        "| `good` | Match probability 0.99 or more, below 0.999 |",
        "| `ks4` | End of key stage 4 |",
        "| `five` |",
    ):
        assert row in guide
