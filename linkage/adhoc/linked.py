"""What was done with files that were linked, and what is told of them: columns, counts, notes; no value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage.adhoc.codes import rare_words
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.pipeline.atomic import write_json
from quality.measures.estimated_error import GUESSED, UNLEARNT


@dataclass
class Linked:
    """What was done with two files, or one: the recognised columns, counts, and where truth was given the error."""

    columns: Columns
    fields: dict[str, str]  # field -> kind of comparison
    summary: dict[str, Any] = field(default_factory=dict)
    truth: dict[str, float] | None = None
    notes: list[str] = field(default_factory=list)  # what was read otherwise than its owner may think

    @property
    def of_persons(self) -> bool:
        """Whether the records are of persons, and not of things or firms."""
        return rare_words.names_persons(self.fields)


def write_evaluation(part: Path, evaluation: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    """Write what the report is made of, and whether it is to speak of people or of things.

    Args:
        kinds: field to kind of comparison.
    """
    (part / "quality").mkdir()
    told = {**evaluation, "of_things": not rare_words.names_persons(kinds)}
    write_json(part / "quality" / "evaluation.json", told)


def recall_unknown(training: Mapping[str, Any]) -> str | None:
    """Why a report is not to say what recall the links' probabilities expect; None where it is.

    Args:
        training: a summary's `training`; nothing where a model was given.
    """
    report = training.get("training") or {}
    if not report.get("learnt", True):
        return UNLEARNT
    return GUESSED if report.get("guessed") else None


def recall_notes(training: Mapping[str, Any]) -> list[str]:
    """What to tell of fields of which nobody knows how many matches differ; no value."""
    if recall_unknown(training) != GUESSED:
        return []
    fields = " and ".join(training["training"]["guessed"])
    return [
        f"how many matches differ in {fields} cannot be told from these files, so that no recall is: matches that do "
        "may be missed; compare a further field (--map), or let people look at pairs (leo review)"
    ]


def notes_of(file: PersonFile, lost_dates: int) -> list[str]:
    """What to tell whoever gave the file, before the result is trusted; no value."""
    lost = f"{file.called}: {lost_dates:,} birth dates are in no form that is read, and count as unknown"
    return [*file.lost_rows(), *([lost] if lost_dates else [])]


def facts(file: PersonFile, lost_dates: int) -> dict[str, Any]:
    """What the manifest says of a file: rows, its hash, what was set aside and why; no value."""
    return {
        "rows": file.rows,
        "linked_rows": file.rows - len(file.quarantined),
        "sha256": file.sha256,
        "set_aside": file.set_aside(),
        "first_line_set_aside": min((line for line, _ in file.quarantined), default=None),
        "birth_dates_in_no_form": lost_dates,
    }
