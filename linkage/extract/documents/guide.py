"""README.md: what is in an extract, for the people who will use it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from linkage.extract.approved.layout import PERSON, Field, Layout
from linkage.extract.approved.project import Project
from linkage.extract.earlier.change import sentence
from linkage.extract.files.data_files import DataFile
from linkage.extract.files.formats import Delivered

Tables = Mapping[str, tuple[Layout, list[DataFile]]]


def guide(
    project: Project,
    delivered: Delivered,
    run_info: Mapping[str, Any],
    *,
    change: Mapping[str, Any] | None = None,
    encrypted: bool = False,
    without: bool = False,
) -> str:
    """The researcher's guide in Markdown: contents, joins, link metadata, cautions, codes, citation.

    Args:
        change: what differs from the last extract; None where there is none.
        encrypted: whether the files are.
        without: whether people who opted out were left out.
    """
    tables = delivered.tables
    parts = [
        _title(project),
        _contents(tables, project.formats, delivered.rows),
        _joining(project, tables),
        _draws() if project.link_samples else [],
        _encrypted() if encrypted else [],
        _linkage(tables),
        _cautions(tables, without),
        _changed(change) if change is not None else [],
        _variables(tables),
        _frames(tables),
        _citation(project, run_info),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _title(project: Project) -> list[str]:
    decision = project.decision
    lines = [f"# {project.title}", "", project.purpose, ""]
    lines.append(f"Extract `{project.id}` for {project.organisation}.")
    if decision:
        lines.append(
            f"Approved under {decision.reference} on {decision.date:%d %B %Y}, until {decision.expires:%d %B %Y}; "
            "destroy it then, or have the decision renewed."
        )
        lines += [f"Condition: {condition}" for condition in decision.conditions]
    lines.append("Only the people named in the approval may use it, and only for the purpose above.")
    return lines


_FORMS = {
    "parquet": "`parquet/`: one file a table.",
    "partitioned": "`partitioned/`: a folder a table, within it one a year (`TaxYear=201213`), for readers of data "
    "sets (`arrow::open_dataset`, `pyarrow.dataset`, DuckDB with `hive_partitioning`), which see the year in its name.",
    "csv": "`csv/`: UTF-8 with a header.",
    "duckdb": "`duckdb/extract.duckdb`: all tables in one DuckDB file, with a comment on every column.",
    "sqlserver": "`sqlserver/`: `schema.sql` and `load.sql` make and fill the tables in SQL Server from the CSV files "
    "there, in which a bit is 0 or 1.",
}


def _contents(delivered: Tables, formats: Sequence[str], rows: Mapping[str, int]) -> list[str]:
    lines = ["## What is in it", "", "| table | one row is | years | rows |", "|---|---|---|---:|"]
    for name, (layout, _) in delivered.items():
        lines.append(f"| `{name}` | {layout.grain} | {layout.years or ''} | {rows[name]:,} |")
    lines += ["", *(f"- {says}" for form, says in _FORMS.items() if form in formats)]
    lines += [
        "",
        "Formats hold the same rows. `SHA256SUMS` has every file's hash; `leo extract verify FOLDER` checks them. "
        "`datapackage.json` describes every column for programs, with the size and SHA-256 of every file. "
        "In CSV an empty field is a missing value. Rows are sorted by pseudonym, so their order says nothing.",
    ]
    return lines


def _joining(project: Project, delivered: Tables) -> list[str]:
    tables = [name for name, (layout, _) in delivered.items() if layout.holding]
    first = tables[0]
    second = tables[1] if len(tables) > 1 else "people"
    form = next((form for form in ("parquet", "csv", "sqlserver", "partitioned") if form in project.formats), "duckdb")
    reader = _READERS[form]
    return [
        "## How tables join",
        "",
        f"`{PERSON}` is in every table, is never empty, and is one person: nothing needs resolving first. `people` has "
        "each person of the population once, also those without a row elsewhere: start from it, so that people without "
        "an outcome stay in the denominator. Institutions join on their own columns in the same way. Pseudonyms are of "
        "this project alone: they match nothing in another extract.",
        "",
        "```sql",
        f"select people.{PERSON}, count(second.{PERSON}) as rows_found",
        f"from {_place(form, 'people')} as people",
        f"semi join {_place(form, first)} as first using ({PERSON})   -- who has rows in it, each person once",
        f"left join {_place(form, second)} as second on second.{PERSON} = people.{PERSON}",
        f"group by people.{PERSON};   -- DuckDB reads the files in place",
        "```",
        "",
        "```r",
        "library(dplyr)",
        *(
            ['con <- DBI::dbConnect(duckdb::duckdb("duckdb/extract.duckdb", read_only = TRUE))']
            if form == "duckdb"
            else []
        ),
        f"people <- {reader}({_argument(form, 'people')})",
        f"first  <- {reader}({_argument(form, first)})",
        f"second <- {reader}({_argument(form, second)})",
        f'people |> semi_join(first, by = "{PERSON}") |>',
        f'  left_join(count(second, {PERSON}, name = "rows_found"), by = "{PERSON}") |>',
        f"  mutate(rows_found = coalesce(rows_found, 0L)) |> select({PERSON}, rows_found)",
        "```",
    ]


_READERS = {
    "parquet": "arrow::read_parquet",
    "csv": "readr::read_csv",
    "sqlserver": "readr::read_csv",
    "partitioned": "arrow::open_dataset",
    "duckdb": "dplyr::tbl",
}


def _place(form: str, table: str) -> str:
    """A table as a query in DuckDB names it, from the extract's folder."""
    places = {
        "duckdb": table,
        "partitioned": f"'partitioned/{table}/**/*.parquet'",
        "sqlserver": f"'sqlserver/{table}.csv'",
    }
    return places.get(form, f"'{form}/{table}.{form}'")


def _argument(form: str, table: str) -> str:
    """A table as R's reader takes it."""
    places = {
        "duckdb": f'con, "{table}"',
        "partitioned": f'"partitioned/{table}"',
        "sqlserver": f'"sqlserver/{table}.csv"',
    }
    return places.get(form, f'"{form}/{table}.{form}"')


def _linkage(delivered: Tables) -> list[str]:
    if "linkage" not in delivered:
        return []
    return [
        "## How records were linked, and how sure that is",
        "",
        "`linkage` has a row for each person and each collection that holds the person; `people` has the least certain "
        "of them. What it says is of the weakest link that joined the person's records.",
        "",
        "| column | meaning |",
        "|---|---|",
        "| `link_method` | deterministic: identifiers agreed by a rule; probabilistic: the weight of all agreements "
        "and disagreements was high enough; override: people decided. Empty: no link was needed |",
        "| `link_pass` | the rule that accepted the link, or the model |",
        "| `link_band` | its quality in a word, by its probability; 'first seen here' where no link was needed |",
        "| `match_probability` | the model's probability that the two records are one person |",
        "| `margin` | log2 of how much likelier the link is than its nearest rival; empty where there was no rival |",
        "",
        "Use them to see how far a finding rests on uncertain links: repeat the analysis without links below a "
        "probability (0.95, 0.99, 0.999), or without a method, and report both (Harron and others, International "
        "Journal of Epidemiology 46, 2017; GUILD statement, Gilbert and others, Journal of Public Health 40, 2018).",
    ]


def _draws() -> list[str]:
    return [
        "## Alternative link sets",
        "",
        "`link_draws` has link sets that the evidence allows as well: in each draw, which `EDUKEY` each person has. A "
        "sure link stands in all, a doubtful one in as many as its probability says. A draw that leads to a record of "
        "nobody in this extract leaves the person without a key. Make an estimate on each draw, joining on `EDUKEY`, "
        "and combine by Rubin's rules: `python rubin.py` does so for an estimate that is to be changed for yours.",
    ]


def _encrypted() -> list[str]:
    return [
        "## How to open it",
        "",
        "The Parquet files are encrypted (Parquet modular encryption); the key comes apart from them. In Python "
        "where leo-linkage is installed, with `key.txt` of mode 0600:",
        "",
        "```python",
        "from pathlib import Path",
        "from linkage.extract import decrypted, encryption_key",
        "",
        'people = decrypted(Path("parquet/people.parquet"), encryption_key(Path("key.txt"))).to_pandas()',
        "```",
    ]


def _changed(change: Mapping[str, Any]) -> list[str]:
    """What differs from the last extract, the largest first."""
    lines = [
        "## What has changed since the last extract",
        "",
        f"Compared with {change['last']}: {change['compared']:,} ",
    ]
    lines[-1] += "figures (rows, people, share of rows filled, means), of which these differ by more than 5 %."
    lines += [""] + ([f"- {sentence(row)}" for row in change["changes"]] or ["None does."])
    lines += [f"- `{table}` is new." for table in change["added"]]
    lines += [f"- `{table}` is not in it any more." for table in change["gone"]]
    return lines


def _cautions(delivered: Tables, without: bool) -> list[str]:
    lines = [
        "## Cautions",
        "",
        "- A person without tax or benefit rows is not shown to be out of work: the person may be unlinked, abroad, or "
        "self-employed in years before self-assessment is held (2013/14). Keep the two apart.",
        "- Missed links are not spread evenly: people who changed name, moved often, or came recently are missed "
        "more often. Compare linked and unlinked people before comparing groups.",
        "- Years are six digits: 201213 is 2012/13. Academic years begin in September, tax years on 6 April; a "
        "column's description says which it is.",
        "- Hours of work are not recorded, so full-time and part-time pay cannot be told apart.",
    ]
    clipped = [(name, layout) for name, (layout, _) in delivered.items() if layout.is_clipped]
    for name, layout in clipped:
        if layout.years:
            lines.append(
                f"- Spells in `{name}` are cut to the approved years: one that began before {layout.years.first_day} "
                f"starts on that day, and one that went on after {layout.years.last_day} ends on it."
            )
    for name, (layout, _) in delivered.items():
        if only := layout.only:
            lines.append(f"- `{name}` holds only rows whose `{only.column}` is one of {', '.join(only.values)}.")
    if without:
        lines.append("- People who opted out, or withdrew, are in no table.")
    lines.append("- Results leave the secure setting only after output checking.")
    return lines


def _variables(delivered: Tables) -> list[str]:
    lines = ["## Columns"]
    for name, (layout, _) in delivered.items():
        lines += ["", f"### `{name}`: {layout.title}", "", "| column | type | meaning | codes |", "|---|---|---|---|"]
        for field in layout.fields:
            codes = f"[{field.frame}](#{field.frame})" if field.frame and field.labels else ""
            lines.append(f"| `{field.name}` | {field.type} | {_cell(field.description)} | {codes} |")
    return lines


def _frames(delivered: Tables) -> list[str]:
    frames: dict[str, Mapping[str, str]] = {}
    for field in _fields(delivered):
        if field.frame and field.labels:
            frames[field.frame] = field.labels
    if not frames:
        return []
    lines = ["## Codes"]
    for name, labels in sorted(frames.items()):
        lines += ["", f"### {name}", "", "| code | label |", "|---|---|"]
        lines += [f"| `{code}` | {_cell(label)} |" for code, label in labels.items()]
    return lines


def _citation(project: Project, run_info: Mapping[str, Any]) -> list[str]:
    release = f", release {run_info['name']}" if "name" in run_info else ""
    reference = f", {project.decision.reference}" if project.decision else ""
    return [
        "## How to cite",
        "",
        f"> Longitudinal Education Outcomes, extract `{project.id}`{release}{reference}. Department for Education.",
        "",
        "Say in the paper which links were used and how many people were unlinked (RECORD statement, items 6 and 12).",
    ]


def _fields(delivered: Tables) -> Iterator[Field]:
    for layout, _ in delivered.values():
        yield from layout.fields


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
