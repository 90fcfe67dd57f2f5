"""Families of variables: what the parts of a name mean, read from configs/catalogue/standard/families.toml."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Family:
    """Names of one build, and what they mean."""

    pattern: re.Pattern[str]
    tables: tuple[str, ...]
    concept: str
    rating: str
    says: str


@dataclass(frozen=True)
class Families:
    """All families, in the order in which they are asked."""

    families: tuple[Family, ...]
    words: dict[str, dict[str, str]]
    endings: dict[str, str]
    concepts: dict[str, str]
    ratings: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> "Families":
        """Read a file of families.

        Raises:
            KeyError: a family names a word or a concept that the file does not have.
        """
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        words = {kind: {part.lower(): text for part, text in parts.items()} for kind, parts in raw["word"].items()}
        return cls(
            tuple(
                _family(entry, name, words, raw["rating"])
                for entry in raw["family"]
                for name in ([entry["name"]] if isinstance(entry["name"], str) else entry["name"])
            ),
            words,
            raw["ending"],
            raw["concept"],
            raw["rating"],
        )

    def of(self, table: str, name: str) -> tuple[str, str, str]:
        """Concept, rating ("4B") and description of a variable; the description is empty where no family fits."""
        ending = next((ending for ending in self.endings if name.upper().endswith(ending)), "")
        for stem in dict.fromkeys((name, name.removesuffix(ending) if ending else name)):
            for family in self.families:
                match = family.pattern.fullmatch(stem) if not family.tables or table in family.tables else None
                if match:
                    note = f" By {self.endings[ending]}." if ending and stem != name else ""
                    says = self._said(family.says, match)
                    return family.concept, family.rating, says + note if says else ""
        concept = self.concepts.get(table, "attainment")
        return concept, self.ratings[concept], ""

    def _said(self, says: str, match: re.Match[str]) -> str:
        for kind, part in match.groupdict().items():
            if part is not None:
                meaning = self.words.get(kind, {}).get(part.lower(), part)
                says = says.replace("{" + kind + "}", meaning).replace("{" + kind + ".code}", part)
        return says


def _family(entry: dict[str, Any], name: str, words: dict[str, dict[str, str]], ratings: dict[str, str]) -> Family:
    """Longer parts are tried first, so that READWRIT is not READ with something after it."""

    def parts(match: re.Match[str]) -> str:
        kind = match[1]
        known = sorted(words[kind], key=len, reverse=True)
        return f"(?P<{kind}>{'|'.join(map(re.escape, known))})"

    # `(?P<from>` of Python's own is left alone: only <word> that stands by itself is a word of ours.
    pattern = re.sub(r"(?<!\(\?P)<(\w+)>", parts, name)
    rating = entry.get("rating") or ratings[entry["concept"]]
    return Family(
        re.compile(pattern, re.IGNORECASE),
        tuple(entry.get("tables", ())),
        entry["concept"],
        rating,
        entry.get("says", ""),
    )
