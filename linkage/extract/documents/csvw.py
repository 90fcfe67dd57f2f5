"""csv-metadata.json: the CSV files for programs. W3C, Metadata Vocabulary for Tabular Data (2015)."""

from typing import Any

from linkage.extract.approved.layout import PERSON, Field, Layout
from linkage.extract.files.formats import Delivered

NAME = "csv-metadata.json"
_TYPES = {"integer": "integer", "number": "double", "boolean": "boolean", "date": "date", "string": "string"}


def csvw(title: str, delivered: Delivered) -> dict[str, Any] | None:
    """The table group of an extract's CSV files; None where it has none."""
    tables = [
        _table(layout, file.path)
        for layout, files in delivered.tables.values()
        for file in files
        if file.format == "csv"
    ]
    if not tables:
        return None
    return {"@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}], "dc:title": title, "tables": tables}


def _table(layout: Layout, path: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"columns": [_column(field) for field in layout.fields]}
    if layout.key:
        schema["primaryKey"] = list(layout.key)
    if layout.name != "people":
        people = {"resource": "csv/people.csv", "columnReference": PERSON}
        schema["foreignKeys"] = [{"columnReference": PERSON, "reference": people}]
    return {
        "url": path,
        "dc:title": layout.title,
        "dc:description": f"One row: {layout.grain}.",
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ","},
        "tableSchema": schema,
    }


def _column(field: Field) -> dict[str, Any]:
    datatype: Any = _TYPES[field.type]
    if field.pseudonym_of:
        datatype = {"base": "string", "format": "[a-z2-7]{26}"}
    return {
        "name": field.name,
        "titles": field.name,
        "dc:description": field.description,
        "datatype": datatype,
        "null": "",
        "required": field.name == PERSON,
    }
