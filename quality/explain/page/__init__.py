"""Why a pair, a record or a person was or was not linked, as a page in the form of the report.

The page is about single people and is not for publication; it holds numbers of entities, but no value and no key.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linkage.catalogue import Catalogue, shipped
from quality.explain.page import others, pair
from quality.report.document import document, template_text, write_page
from quality.report.names import Names
from quality.report.page import Headline, Section, Text

__all__ = ["parts_of", "render_explanation", "statement", "title"]

_ABOUT = (
    "This page is about single people. It names them by the numbers that this run gave them, and holds no name, date, "
    "postcode or key of theirs. It is for those who judge the linkage, and not for publication."
)


def render_explanation(found: Mapping[str, Any], out: Path, catalogue: Catalogue | None = None) -> Path:
    """Write an explanation (what quality.explain found) as one file that needs no network, and return it."""
    first, sections = parts_of(found, Names(catalogue or shipped()))
    page = document(
        f"{title(found)}: {_named(found)}",
        statement(found),
        first,
        [*sections, Section("about", "About this page", [Text(_ABOUT)])],
        style=template_text("quality.explain.page", "explanation.css"),
    )
    return write_page(page, out)


def parts_of(found: Mapping[str, Any], names: Names) -> tuple[list[Headline], list[Section]]:
    """What an explanation says, for a page: the figures that stand first, and the sections."""
    return {
        "pair": lambda: (pair.headlines(found), pair.sections(found, names)),
        "record": lambda: (others.record_headlines(found), others.record_sections(found, names)),
        "person": lambda: (others.person_headlines(found), others.person_sections(found, names)),
    }[found["kind"]]()


def title(found: Mapping[str, Any]) -> str:
    """What an explanation is about."""
    if found["kind"] == "pair":
        became = {"accepted": "was linked", "review": "is for review"}.get(
            found["outcome"]["decision"], "was not linked"
        )
        return f"Why a pair {became}{', and parted again' if found['outcome'].get('parted') else ''}"
    return "What a record met" if found["kind"] == "record" else "What holds a person together"


def _named(found: Mapping[str, Any]) -> str:
    """The numbers of those whom a page is about, so that pages that are open beside each other are told apart."""
    if found["kind"] == "pair":
        return " and ".join(str(found["units"][side]["unit_id"]) for side in ("left", "right"))
    return str(found["entity_id" if found["kind"] == "record" else "person_id"])


def statement(found: Mapping[str, Any]) -> str:
    """What an explanation comes to, in a few sentences."""
    if found["kind"] == "pair":
        what = {side: "record" if found["step"].get("one_file") else f"{side} unit" for side in ("left", "right")}
        sides = " and ".join(f"{name} {found['units'][side]['unit_id']}" for side, name in what.items())
        head = f"Step {found['step']['name']}, {sides}: {pair.became(found['outcome']).lower()}."
        return " ".join([head, *found["outcome"]["in_words"]])
    if found["kind"] == "record":
        parts = [f"{step['step']['name']}: {others.linked_in_words(step)}" for step in found["steps"]]
        about = "Record" if any(step["step"].get("one_file") for step in found["steps"]) else "Entity"
        return f"{about} {found['entity_id']}. " + " ".join(parts)
    weakest = found["links"][found["weakest"]] if found["weakest"] is not None else None
    alone = f"Person {found['person_id']} has one record."
    if weakest is None:
        return alone
    conflicts, links = len(found["conflicts"]), others.holding(found)
    contradicts = "1 thing contradicts it" if conflicts == 1 else f"{conflicts} things contradict it"
    return (
        f"Person {found['person_id']}: {len(found['entities'])} entities, held together by {links} "
        f"link{'s' if links > 1 else ''}. The weakest is of {weakest['step']}, with a match weight of "
        f"{weakest['match_weight']:.2f}; {contradicts if conflicts else 'nothing contradicts it'}."
    )
