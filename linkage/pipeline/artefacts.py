"""What stages make of one another's work: how an artefact's name says what it is, and what a stage counts."""

from typing import Any, Literal

Counts = dict[str, Any]
"""What a stage says of its work: JSON, aggregates only."""

Kind = Literal["table", "document", "folder"]


def kind(artefact: str) -> Kind:
    """What a name stands for: `records/npd` a table, `quality/contracts.json` a document, `report/` a folder.

    Tables stay in the stage's folder; documents and folders are put in their place below the run's folder.
    """
    if artefact.endswith("/"):
        return "folder"
    return "document" if artefact.endswith(".json") else "table"
