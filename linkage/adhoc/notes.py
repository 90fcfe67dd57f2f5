"""What is told of files that were read and linked, line by line: for a terminal and for a notebook; no value."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.further_contacts import further_contacts
from linkage.adhoc.headers.known_headers import any_known
from linkage.adhoc.headers.maps import LEFT_OUT
from linkage.adhoc.headers.recognise import Columns, named_fields
from linkage.adhoc.linked import Linked
from linkage.adhoc.names.chains import FATHERS
from linkage.adhoc.places.address_lines import lines_in
from linkage.records.headers import listed

_MOST_NOTES = 4  # about a model; the others stand in the manifest
_MOST_NAMES = 8  # of columns
_FEW = 0.005  # links of a record of the smaller file, below which the two are said to share next to nothing


def recognised_notes(columns: Columns, files: Sequence[PersonFile]) -> list[str]:
    """What to know of two files, or one, and of what their columns were taken for, before the work is done."""
    two = len(files) > 1
    return [
        *_by_content(columns),
        *(_dates_in_numbers(columns) if two else []),
        *(_fathers(columns, files) if two else []),
        *whole_address_notes(columns, files),
        *(note for file in files for note in file.notes()),
        *_not_recognised(columns, files),
        *(_nameless(columns, files) if two else []),
    ]


def columns_taken(columns: Columns) -> dict[str, tuple[str, str]]:
    """Field to the columns of the left and of the right that hold it; of one file both are the same."""
    sides = ((columns.left, columns.left_parts), (columns.right, columns.right_parts))
    left, right = ({field: _columns_of(field, *side) for field in columns.fields} for side in sides)
    return {field: (left[field], right[field]) for field in columns.fields}


def _columns_of(field: str, fields: Mapping[str, str], parts: Mapping[str, str]) -> str:
    """The column of a field; of a birth date or of contacts in several columns all of them."""
    of_birth = [column for part, column in parts.items() if part in ("birth_year", "birth_month", "birth_day")]
    held = of_birth if field == "dob" else further_contacts(parts, field)
    return " ".join(dict.fromkeys([fields[field], *held]))


def model_notes(summary: Mapping[str, Any], *, of_two_files: bool = False) -> list[str]:
    """What about the model is not to be trusted, and where next to nothing was linked of two files.

    Args:
        summary: counts and the training's report, where there was a training.
    """
    training = summary.get("training", {})
    said = [f"the model: {text}" for text in (*training.get("faults", ()), *training.get("warnings", ()))]
    more = len(said) - _MOST_NOTES
    notes = [*said[:_MOST_NOTES], *([f"the model: {more} more of these in manifest.json"] if more > 0 else [])]
    if not of_two_files:
        return notes
    links, records = summary["decisions"].get("accepted", 0), min(summary["left_units"], summary["right_units"])
    if links < max(_FEW * records, 1):
        found = "no links" if not links else f"only {links:,} link{'' if links == 1 else 's'}"
        notes.append(
            f"{found}, of {records:,} records that might have one: if the files share people, the columns above "
            "were read wrongly or say too little; name others with --map, and look at the pairs that were rejected"
        )
    return notes


def links_said(summary: Mapping[str, Any], *, links_only: bool = False) -> str:
    """How many links two files have."""
    decisions = summary["decisions"]
    links = decisions.get("accepted", 0)
    review = "" if links_only else f", {decisions.get('review', 0):,} for review"
    accepted = f"{links:,} link{'' if links == 1 else 's'} accepted{review}"
    return f"{accepted}, of {summary['left_units']:,} and {summary['right_units']:,} records"


def clusters_said(done: Linked) -> str:
    """How many people, or things, the records of a file are."""
    counts = done.summary
    one, many = ("person", "people") if done.of_persons else ("thing", "things")
    return f"{counts['records']:,} records are {counts['clusters']:,} {one if counts['clusters'] == 1 else many}"


def truth_said(truth: Mapping[str, float]) -> str:
    """How right the links are, where true pairs were given."""
    shown = ", ".join(f"{name} {truth[name]:.4f}" for name in ("precision", "recall", "f1"))
    return f"against {truth['true_pairs']:,} true pairs: {shown}"


def _by_content(columns: Columns) -> list[str]:
    """Which columns no name told, and how to say otherwise."""
    if not columns.by_content:
        return []
    first, _, column = columns.by_content[0].partition("=")
    side, of_two, _ = first.rpartition(".")
    return [
        f"taken by what they hold, not by their names: {', '.join(columns.by_content)}; "
        f"another one: --map {first}=COLUMN, none: --map {side}{of_two}{LEFT_OUT}={column}"
    ]


def _dates_in_numbers(columns: Columns) -> list[str]:
    """In which numbers birth dates were found, where a file has no column of them."""
    sides = (("left", columns.left_parts), ("right", columns.right_parts))
    return [
        f"{side}.dob: birth dates stand within the numbers of {parts['birth_number']}, and are compared; "
        f"another column: --map {side}.dob=COLUMN"
        for side, parts in sides
        if "birth_number" in parts
    ]


def _fathers(columns: Columns, files: Sequence[PersonFile]) -> list[str]:
    """Which names of fathers are taken for parts of the name, as the other file writes it."""
    notes = []
    sides = (("left", columns.left_parts), ("right", columns.right_parts))
    for file, (side, parts) in zip(files, sides, strict=True):
        held = [parts[name] for name in FATHERS if name in parts]
        if held:
            after = f"after {parts['full_name']}" if "full_name" in parts else "between forename and surname"
            notes.append(
                f"{file.called}: {' and '.join(held)} stand {after}, as in the other file's names in full; "
                f"not at all: --map {side}.{LEFT_OUT}={held[0]}"
            )
    return notes


def whole_address_notes(columns: Columns, files: Sequence[PersonFile]) -> list[str]:
    """Which columns hold addresses that are parted, what is compared of them, and how to leave them out."""
    notes = []
    sides = (("left", columns.left, columns.left_parts), ("right", columns.right, columns.right_parts))
    for file, (side, fields, parts) in zip(files, sides, strict=False):
        lines = lines_in(parts)
        held = [name for name in columns.fields if fields[name] in lines]
        if len(held) > 1:
            shown = listed(lines, known=any_known(file.header))
            left_out = f"{side}.{LEFT_OUT}" if len(files) > 1 else LEFT_OUT
            notes.append(
                f"{file.called}: addresses are written whole in {shown}, and parted: {', '.join(held)}; "
                f"not at all: --map {left_out}={lines[0]}"
            )
    return notes


def _not_recognised(columns: Columns, files: Sequence[PersonFile]) -> list[str]:
    """Which columns of each file were taken for nothing, so that one that holds something is not missed in silence."""
    notes = []
    held = ((columns.left, columns.left_parts, columns.left_id), (columns.right, columns.right_parts, columns.right_id))
    for file, (fields, parts, key) in zip(files, held, strict=False):
        told = {*fields.values(), *parts.values(), key, file.taken_apart, *(made.column for made in file.made_of)}
        free = [name for name in file.header if name not in told]
        if free:
            more = f" and {len(free) - _MOST_NAMES} more" if len(free) > _MOST_NAMES else ""
            known = any_known(file.header) or bool(columns.by_content) or bool(named_fields(fields))
            shown = listed(free[:_MOST_NAMES], known=known)
            notes.append(f"{file.called}: taken for nothing, not compared: {shown}{more}")
    return notes


def _nameless(columns: Columns, files: Sequence[PersonFile]) -> list[str]:
    """Of which names no column was taken in a file, where the other has them: links without names are seldom meant."""
    sides = (columns.left, columns.right)
    notes = []
    for at, (side, file) in enumerate(zip(("left", "right"), files, strict=True)):
        for name in ("forename", "surname"):
            if name in sides[1 - at] and name not in sides[at]:
                notes.append(
                    f"{file.called}: no column was taken for a {name}, which is not compared; say which holds it: "
                    f"--map {side}.{name}=COLUMN"
                )
    return notes
