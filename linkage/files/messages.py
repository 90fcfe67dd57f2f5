"""Messages about files that were read and linked, line by line; no value."""

from collections.abc import Mapping
from typing import Any

from linkage.files.header_names import any_known
from linkage.files.prepare import Prepared
from linkage.files.schema import CONTENT
from linkage.records.layout import listed
from quality.measures.estimated_error import GUESSED, UNLEARNT

_MAX_MODEL_NOTES = 4  # the others stand in the manifest
_MAX_NAMES = 12  # of unmapped columns
_FEW_LINKS = 0.005  # links of a record of the smaller file, below which the two count as sharing next to nothing


def columns_taken(prepared: Prepared) -> dict[str, tuple[str, str]]:
    """Field to the columns of the left and of the right that hold it; of one file both are the same."""
    left, right = prepared.schemas[0], prepared.schemas[-1]
    return {name: (left.shown(name), right.shown(name)) for name in left.fields}


def inferred_notes(prepared: Prepared) -> list[str]:
    """What to know of the files, and of what their columns were taken for, before the work is done."""
    notes = []
    for file, schema in zip(prepared.files, prepared.schemas, strict=True):
        side = "" if file.side == "file" else f"{file.side}."
        by_content = [role for role, how in schema.evidence.items() if how == CONTENT and role in schema.columns]
        if by_content:
            taken = ", ".join(f"{side}{role}={schema.columns[role][0]}" for role in by_content)
            first = by_content[0]
            notes.append(
                f"{file.name}: taken by contents, not by header: {taken}; another one: --map {side}{first}=COLUMN, "
                f"none: --map {side}other={schema.columns[first][0]}"
            )
        if schema.settings.get("address", {}).get("whole"):
            lines = listed(schema.columns["address"], known=any_known(file.columns))
            parts = ", ".join(["address", *schema.settings["address"]["holds"]])
            notes.append(f"{file.name}: addresses are written whole in {lines}, and split: {parts}")
        notes += file.notes()
    for file, names in zip(prepared.files, prepared.unmapped, strict=True):
        if names:
            shown = listed(names[:_MAX_NAMES], known=any_known(file.columns))
            more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
            notes.append(f"{file.name}: unmapped columns, not compared: {shown}{more}; --compare COLUMN compares one")
    return notes


def read_notes(prepared: Prepared) -> list[str]:
    """What to know of how values were read, before the result is trusted."""
    notes: list[str] = list(dict.fromkeys(n for schema in prepared.schemas for n in schema.learned.get("notes", ())))
    for file, schema, records in zip(prepared.files, prepared.schemas, prepared.records, strict=True):
        how = schema.settings.get("dob", {}) if "dob" in schema.fields else {}
        if records.unparsed_dates:
            notes.append(
                f"{file.name}: {records.unparsed_dates:,} birth dates are in no form that is read, or defaults"
            )
        if how.get("january_is_default"):
            notes.append(f"{file.name}: too many are born on 1 January: of these only the year is compared")
        if days := how.get("default_days"):
            notes.append(
                f"{file.name}: {len(days)} birth date{'s' * (len(days) > 1)} of far too many count as not known"
            )
        for column in schema.learned.get("missing", {}):
            notes.append(
                f"{file.name}: '{column}' has values that say \"not known\", or placeholders; they count as empty"
            )
    return notes


def model_notes(summary: Mapping[str, Any], *, of_two_files: bool = False) -> list[str]:
    """What about the model is not to be trusted, and where next to nothing was linked of two files.

    Args:
        summary: counts and the training's report, where there was a training.
    """
    training = summary.get("training", {})
    notes = [f"the model: {text}" for text in (*training.get("faults", ()), *training.get("warnings", ()))]
    if (more := len(notes) - _MAX_MODEL_NOTES) > 0:
        notes = [*notes[:_MAX_MODEL_NOTES], f"the model: {more} more of these in manifest.json"]
    if of_two_files:
        links, records = summary["decisions"].get("accepted", 0), min(summary["left_units"], summary["right_units"])
        if links < max(_FEW_LINKS * records, 1):
            few = "no links" if not links else f"only {links:,} link{'' if links == 1 else 's'}"
            notes.append(
                f"{few}, of {records:,} records that might have one: if the files share people, the columns above were "
                "read wrongly or say too little; map others with --map, and look at the rejected pairs"
            )
    return notes


def recall_unknown(training: Mapping[str, Any]) -> str | None:
    """Why a report is not to estimate recall from the links' probabilities; None where it is.

    Args:
        training: a summary's `training`; nothing where a model was given.
    """
    report = training.get("training") or {}
    if not report.get("learnt", True):
        return UNLEARNT
    return GUESSED if report.get("guessed") else None


def recall_notes(training: Mapping[str, Any]) -> list[str]:
    """What to know of fields of which these files do not show how many matches differ."""
    if recall_unknown(training) != GUESSED:
        return []
    fields = " and ".join(training["training"]["guessed"])
    return [
        f"these files do not show how many matches differ in {fields}, so that recall is not estimated: matches that do "
        "may be missed; compare a further field (--map), or review pairs (leo review)"
    ]


def links_line(summary: Mapping[str, Any], *, links_only: bool = False) -> str:
    """How many links two files have."""
    decisions = summary["decisions"]
    links = decisions.get("accepted", 0)
    review = "" if links_only else f", {decisions.get('review', 0):,} for review"
    accepted = f"{links:,} link{'' if links == 1 else 's'} accepted{review}"
    return f"{accepted}, of {summary['left_units']:,} and {summary['right_units']:,} records"


def clusters_line(summary: Mapping[str, Any]) -> str:
    """How many people the records of a file are."""
    people = summary["clusters"]
    return f"{summary['records']:,} records are {people:,} {'person' if people == 1 else 'people'}"


def truth_line(truth: Mapping[str, float]) -> str:
    """How right the links are, where true pairs were given."""
    shown = ", ".join(f"{name} {truth[name]:.4f}" for name in ("precision", "recall", "f1"))
    return f"against {truth['true_pairs']:,} true pairs: {shown}"


def table_of_columns(prepared: Prepared) -> list[str]:
    """Which column of each file was taken for what, as a terminal shows it."""
    ids = [schema.id or "row number" for schema in prepared.schemas]
    rows = [
        ("field", "left", "right"),
        ("id", ids[0], ids[-1]),
        *((f, *of) for f, of in columns_taken(prepared).items()),
    ]
    if len(ids) == 1:
        return [f"  {name:<16} {left}" for name, left, _ in rows[1:]]
    return [f"  {name:<16} {left:<24} {right}" for name, left, right in rows]
