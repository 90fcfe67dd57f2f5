"""How sources, sides, steps, columns and reasons are called on a page."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from linkage.catalogue import Catalogue

IDENTIFIERS = {
    "forename": "Forename",
    "middle_names": "Middle names",
    "surname": "Surname",
    "dob": "Date of birth",
    "sex": "Sex",
    "postcode": "Postcode",
    "nino": "National Insurance number",
    "uln": "Unique learner number",
    "upn": "Unique pupil number",
    "husid": "HESA student number",
}

_IN_WORDS = {
    "nino": "NINO",
    "uln": "ULN",
    "upn": "UPN",
    "husid": "HUSID",
    "dob": "date of birth",
    "fsm": "FSM",
}
_COLUMN = re.compile(rf"\b(?:{'|'.join(_IN_WORDS)}|[a-z]+(?:_[a-z]+)+)\b")


class Names:
    """Names from the catalogue, where it has them.

    Args:
        steps: those of a page; where several are between the same two, each is called
            by its own name too.
        units: what a source's units are called: people in a run, records in two files.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        steps: Iterable[Mapping[str, Any]] = (),
        units: str = "people",
    ) -> None:
        self._catalogue = catalogue
        self.units = units
        titles = Counter(map(self._between, steps))
        self._shared = {title for title, times in titles.items() if times > 1}

    def source(self, name: str) -> str:
        """A source: its body's initials where the catalogue has it, else as the user
        called it.
        """
        if name == "people":
            return "People"
        if name not in self._catalogue.datasets:
            return name
        return (
            name.upper() if len(name) <= 4 else name.capitalize()
        )  # NPD and CIS, but Scotland

    def people(self, name: str) -> str:
        """The units of a side, inside a sentence."""
        return "people" if name == "people" else f"{self.units} in {self.source(name)}"

    def step(self, step: Mapping[str, Any]) -> str:
        """A step by its two sides."""
        title = self._between(step)
        return f"{title} ({step['step']})" if title in self._shared else title

    def _between(self, step: Mapping[str, Any]) -> str:
        return f"{self.source(step['left'])} to {self.source(step['right'])}"

    def column(self, name: str) -> str:
        """An identifier or a comparison of a model."""
        if name in IDENTIFIERS:
            return IDENTIFIERS[name]
        name = name.removeprefix("x_")  # a column that the run keeps
        text = " ".join(
            _IN_WORDS.get(part, part) for part in name.lower().split("_") if part
        )
        return text[:1].upper() + text[1:]

    def columns_in(self, text: str) -> str:
        """A text that names columns, as labels of levels do; a condition in SQL stays
        as it is.
        """
        if '"' in text:
            return text

        def in_words(match: re.Match[str]) -> str:
            return " ".join(
                _IN_WORDS.get(part, part)
                for part in match[0].removeprefix("x_").split("_")
            )

        return _COLUMN.sub(in_words, text)

    def words(self, name: str) -> str:
        """A name of the configuration, such as a pass, in words."""
        parts = str(name).removeprefix("x_").replace("_", " ").replace("-", " ").split()
        text = " ".join(_IN_WORDS.get(part.lower(), part) for part in parts)
        return text[:1].upper() + text[1:]
