"""One body's rules of what may leave: TOML files in configs/disclosure/."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from linkage.config.resources import config_files
from linkage.config.toml_file import check, toml_of
from linkage.errors import ConfigError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Symbols(_Strict):
    """How a value that is not shown is written (Analysis Function guidance on symbols, and LEO's own `low`)."""

    suppressed: str
    not_applicable: str
    unavailable: str
    low: str  # rounds to zero but is not
    high: str  # rounds to all but is not


class Dominance(_Strict):
    """A total is disclosive where its largest contributors hold too much of it: the (n, k) rule."""

    contributors: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, le=1)]


class Profile(_Strict):
    """One body's rules."""

    title: str
    threshold: Annotated[int, Field(ge=1)]  # counts below are suppressed; 1 where rounding alone protects
    round_to: Annotated[int, Field(ge=1)]  # counts go to the nearest multiple
    low_below: Annotated[int, Field(ge=0)] = 0  # counts below, and not zero, are written as `low`
    percent_places: Annotated[int, Field(ge=0, le=6)]
    percent_from: Literal["unrounded", "rounded"]
    percent_threshold: Annotated[float, Field(ge=0)] | None = None  # least base of a percentage; the threshold if none
    average_threshold: Annotated[float, Field(ge=0)] | None = None  # least base of an average; the threshold if none
    amounts_to: Annotated[float, Field(gt=0)] = 100  # averages of money go to the nearest multiple
    zeros_are_sensitive: bool
    full_cells_are_sensitive: bool = False  # a group whose members are all of one kind is reported
    accuracy_places: Annotated[int, Field(ge=0, le=6)]  # of precision, recall and F1 in per cent
    institutions: Literal["codes", "pseudonyms"] = "pseudonyms"  # how schools, colleges and universities are called
    symbols: Symbols
    dominance: tuple[Dominance, ...] = ()
    p_percent: Annotated[float, Field(gt=0, le=1)] | None = None  # how near the second largest may come to the largest

    @property
    def least_percent_base(self) -> float:
        return self.threshold if self.percent_threshold is None else self.percent_threshold

    @property
    def fewest(self) -> float:
        """The least base of any share, an estimated one too: where no count is hidden, percentages of few still are."""
        return max(self.threshold, self.least_percent_base)

    @property
    def of_counts(self) -> str:
        """What is done to counts, in words."""
        nearest = f"to the nearest {self.round_to}"
        if self.threshold > 1:
            rest = f"; the rest are {nearest}" if self.round_to > 1 else ""
            return f"Counts under {self.threshold} are not shown, nor others that would disclose them{rest}"
        low = f", those under {self.low_below} written “{self.symbols.low}”" if self.low_below else ""
        return f"Counts are {nearest}{low}; none is hidden for being small"

    @property
    def least_average_base(self) -> float:
        return self.threshold if self.average_threshold is None else self.average_threshold


def load(name: str = "leo_publication") -> Profile:
    """A profile by name.

    Raises:
        ConfigError: no such profile, or it has faults.
    """
    path = _profiles().get(name)
    if path is None:
        raise ConfigError(f"no disclosure profile '{name}'\n  there are: {', '.join(names())}")
    return check(Profile, toml_of(path), path.name)


def exact() -> Profile:
    """No suppression and no rounding, for a user's own data that stay where they are; no command takes it by name."""
    return load().model_copy(update={"title": "Exact counts: not to be published", "threshold": 1, "round_to": 1})


def names() -> list[str]:
    """The profiles there are."""
    return list(_profiles())


def _profiles() -> dict[str, Path]:
    return {path.stem: path for path in config_files("disclosure/*.toml").values()}
