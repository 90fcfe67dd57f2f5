"""What a user should know of linked files: how columns and values were read, what the
model is worth, and how many links there are. No note holds a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.files.header_names import any_known
from linkage.files.prepare import REPEATED, Prepared
from linkage.files.readers import description_of
from linkage.files.schema import CONTENT, FileSchema
from linkage.pipeline.linked_files import RUN_FILE, FileFacts, facts_of_files
from linkage.records.layout import listed
from quality.measures.estimated_error import GUESSED, UNLEARNT

_MAX_NAMES = 12  # of unmapped columns
# links of a record of the smaller file, below which the two count as sharing next to
# nothing
_FEW_LINKS = 0.005


def columns_taken(prepared: Prepared) -> dict[str, tuple[str, str]]:
    """Field to the columns of the left and of the right that hold it; of one file both
    are the same.
    """

    def shown(schema: FileSchema, name: str) -> str:
        sources = next(
            (
                reader.columns
                for reader in description_of(schema).readers
                if name in reader.fields
            ),
            (),
        )
        return " ".join(
            schema.columns.get(name) or sources[: 3 if name == "dob" else 1]
        )

    left, right = prepared.schemas[0], prepared.schemas[-1]
    return {name: (shown(left, name), shown(right, name)) for name in left.fields}


def inferred_notes(prepared: Prepared) -> list[str]:
    """What to know of the files, and of what their columns were taken for, before the
    work is done.
    """
    notes = []
    for file, schema in zip(prepared.files, prepared.schemas, strict=True):
        side = "" if file.side == "file" else f"{file.side}."
        by_content = [
            role for role in schema.columns if schema.evidence.get(role) == CONTENT
        ]
        if by_content:
            columns = ", ".join(
                f"{side}{role}={schema.columns[role][0]}" for role in by_content
            )
            first = by_content[0]
            notes.append(
                f"{file.name}: taken by contents, not by header: {columns}; another "
                f"one: --map {side}{first}=COLUMN, "
                f"none: --map {side}other={schema.columns[first][0]}"
            )
        notes += file.notes()
    for file, names in zip(prepared.files, prepared.unmapped, strict=True):
        if names:
            text = listed(names[:_MAX_NAMES], known=any_known(file.columns))
            rest = (
                f" and {len(names) - _MAX_NAMES} more"
                if len(names) > _MAX_NAMES
                else ""
            )
            notes.append(
                f"{file.name}: unmapped columns, not compared: {text}{rest}; --compare "
                "COLUMN compares one"
            )
    return notes


def read_notes(prepared: Prepared) -> list[str]:
    """What to know of how values were read, before the result is trusted."""
    notes: list[str] = list(
        dict.fromkeys(
            n for schema in prepared.schemas for n in schema.learned.get("notes", ())
        )
    )
    for file, schema, records in zip(
        prepared.files, prepared.schemas, prepared.records, strict=True
    ):
        settings = schema.settings.get("dob", {}) if "dob" in schema.fields else {}
        facts = {
            "birth dates are in no form that is read, or "
            "defaults": records.unparsed_dates
        }
        facts["birth dates are of far too many, and count as not known"] = len(
            settings.get("default_days", ())
        )
        notes += [
            f"{file.name}: {count:,} {fact}" for fact, count in facts.items() if count
        ]
        if settings.get("january_is_default"):
            notes.append(
                f"{file.name}: too many are born on 1 January: of these only the year "
                "is compared"
            )
        if missing := schema.learned.get("missing"):
            notes.append(
                f'{file.name}: values for "not known" and placeholders count as empty: '
                f"{', '.join(missing)}"
            )
    return notes


def model_notes(summary: Mapping[str, Any], *, of_two_files: bool = False) -> list[str]:
    """What about the model is not to be trusted, and where next to nothing was linked
    of two files.
    """
    training = summary.get("training", {})
    notes = [
        f"the model: {text}"
        for text in (*training.get("faults", ()), *training.get("warnings", ()))
    ]
    if of_two_files:
        links, records = (
            summary["decisions"].get("accepted", 0),
            min(summary["left_units"], summary["right_units"]),
        )
        if links < max(_FEW_LINKS * records, 1):
            count = (
                "no links"
                if not links
                else f"only {links:,} link{'' if links == 1 else 's'}"
            )
            notes.append(
                f"{count}, of {records:,} records that might have one: if the files "
                "share people, the columns above "
                "were read wrongly or say too little; map others with --map, and look "
                "at the rejected pairs"
            )
    return notes


def recall_unknown(training: Mapping[str, Any]) -> str | None:
    """Why a report is not to estimate recall from the links' probabilities; None where
    it is, or a model was given.
    """
    report = training.get("training") or {}
    if not report.get("learnt", True):
        return UNLEARNT
    return GUESSED if report.get("guessed") else None


def recall_notes(training: Mapping[str, Any]) -> list[str]:
    """What to know of fields of which these files do not show how many matches
    differ.
    """
    effect = (
        "so that recall is not estimated; compare a further field (--map), or "
        "review pairs (leo review)"
    )
    fields = (
        training["training"]["guessed"] if recall_unknown(training) == GUESSED else ()
    )
    return (
        [
            "these files do not show how many matches differ in "
            f"{' and '.join(fields)}, {effect}"
        ]
        if fields
        else []
    )


def links_line(summary: Mapping[str, Any], *, links_only: bool = False) -> str:
    """How many links two files have."""
    links, review = (
        summary["decisions"].get(decision, 0) for decision in ("accepted", "review")
    )
    text = f"{links:,} link{'' if links == 1 else 's'} accepted"
    text += "" if links_only else f", {review:,} for review"
    return (
        f"{text}, of {summary['left_units']:,} and {summary['right_units']:,} records"
    )


def clusters_line(summary: Mapping[str, Any]) -> str:
    """How many people the records of a file are."""
    people = summary["clusters"]
    return (
        f"{summary['records']:,} records are {people:,} "
        f"{'person' if people == 1 else 'people'}"
    )


def truth_line(truth: Mapping[str, float]) -> str:
    """How right the links are, where true pairs were given."""
    text = ", ".join(
        f"{name} {truth[name]:.4f}" for name in ("precision", "recall", "f1")
    )
    return f"against {truth['true_pairs']:,} true pairs: {text}"


@dataclass
class Linked:
    """What was linked: the schemas, counts, notes and, where truth was given, the
    error; no value.
    """

    columns: dict[
        str, tuple[str, str]
    ]  # field to the columns of left and right; of one file both are the same
    kinds: dict[str, str]  # field to the kind of its comparison
    summary: dict[str, Any] = field(default_factory=dict)
    truth: dict[str, float] | None = None
    notes: list[str] = field(default_factory=list)


def given_notes(path: Path | None, summary: Mapping[str, Any]) -> list[str]:
    """What the user should know of a model that was given."""
    changes, notes = summary.get("given") or {}, []
    if changes.get("trained"):
        notes.append(
            f"{path}: the model had levels without m or u, and was trained on these "
            "files"
        )
    if silent_names := changes.get("silent"):
        notes.append(
            f"{path}: not compared, since these files say nothing by it: "
            f"{', '.join(silent_names)}"
        )
    if (rules := changes.get("rules")) is not None:
        reason = "the model has no blocking rules"
        if count := changes["rules_lost"]:
            reason = (
                "blocking rules of the model that need what is not compared are "
                f"left out ({count})"
            )
        notes.append(f"{path}: {reason}: {len(rules)} were chosen for these files")
    if prior := changes.get("prior"):
        sizes = " and ".join(f"{records:,}" for records in changes["trained_on"])
        notes.append(
            f"{path}: the model was trained on {sizes} records: its prior, "
            f"{prior['in_file']:.3g}, is rescaled to "
            f"{prior['here']:.3g}, by which the same share of records has a match"
        )
    for misfit in changes.get("misfits", ()):
        high = misfit["here"] > misfit["in_model"]
        effect = (
            "too high, and links may be wrong"
            if high
            else "too low, and links may be missed"
        )
        notes.append(
            f"{path}: the model does not fit these files: its u of '{misfit['label']}' "
            f"is {misfit['in_model']:.2g}, and "
            f"here it is {misfit['here']:.2g}. Its match weight is {effect}: leave "
            "--model out, and one is trained here"
        )
    return notes


def linked_notes(facts: FileFacts, model: Path | None) -> list[str]:
    """What to know of links before they are trusted: how values were read, what a given
    model lacks, and whether people are in a file several times.
    """
    counts = facts.counts
    notes = [*facts.notes, *given_notes(model, counts), *recall_notes(counts)]
    joins = counts.get("step", {}).get("duplicates") == "join"
    link = facts.config.link
    if facts.config.of_one_file or not (joins or link.duplicates != "leave"):
        return notes
    hint = (
        "--no-duplicates links one"
        if link.diagnose
        else "without --links-only duplicates are linked too"
    )
    for name, repeated in facts.repeated.items():
        if repeated >= REPEATED:
            notes.append(
                f"{name}: {repeated:.0%} of the records seem to be of somebody who is "
                f"there twice; {hint}"
            )
    return notes


def closing_lines_of_files(root: Path, manifest: Mapping[str, Any]) -> list[str]:
    """What a run of files prints at its end: how much was linked, and where it is."""
    facts = facts_of_files(root, manifest)
    if facts.config.of_one_file:
        lines = [clusters_line(facts.counts)]
        main = "clusters"
    else:
        lines = [links_line(facts.counts, links_only=not facts.step.diagnose)]
        main = "links"
    if facts.truth:
        lines.append(truth_line(facts.truth))
    if facts.step.link_draws:
        lines.append(
            f"draws    {root / 'link_draws.parquet'}   {facts.step.link_draws} of "
            "them; docs/explanation/uncertainty.md says what for"
        )
    lines.append(f"{main:<8} {root / f'{main}.parquet'}")
    if facts.config.link.diagnose:
        lines.append(f"report   {root / 'report' / 'index.html'}")
    return [*lines, f"run file {root / RUN_FILE}   leo run repeats it"]
