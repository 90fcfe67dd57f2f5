"""The report's parts under the headings of the standards; which section stands in which is data (parts.toml)."""

import tomllib
from collections.abc import Mapping
from importlib import resources

from quality.report.page import Part, Section


def arranged(sections: Mapping[str, Section | None]) -> list[Part]:
    """The sections that a run has, by part; a part of which it has none is left out.

    Raises:
        KeyError: a section stands in no part, or in one that nobody made: parts.toml and the report disagree.
    """
    raw = tomllib.loads(resources.files("quality.report").joinpath("parts.toml").read_text(encoding="utf-8"))
    if lost := set(sections) - {name for part in raw["part"] for name in part["sections"]}:
        raise KeyError(f"no part of parts.toml has {', '.join(sorted(lost))}")
    parts = [
        Part(
            part["name"],
            part["title"],
            part["said"],
            [section for name in part["sections"] if (section := sections[name]) is not None],
        )
        for part in raw["part"]
    ]
    return [part for part in parts if part.sections]
