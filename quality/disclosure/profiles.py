"""One body's rules of what may leave: TOML files in configs/disclosure/."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from linkage.config.resources import config_files
from linkage.config.toml_file import Frozen, check, toml_of
from linkage.errors import ConfigError


class Symbols(Frozen):
    """How a value that is not shown is written (Analysis Function guidance on symbols,
    and LEO's own `low`).
    """

    suppressed: str = Field(description="A value that is suppressed.")
    not_applicable: str = Field(description="A value that cannot exist.")
    unavailable: str = Field(description="A value that is not known.")
    low: str = Field(description="A value that rounds to zero and is not zero.")
    high: str = Field(description="A share that rounds to all and is not all.")


class Dominance(Frozen):
    """A total is disclosive where its largest contributors hold too much of it: the (n,
    k) rule.
    """

    contributors: int = Field(ge=1, description="Number of largest contributors, n.")
    share: float = Field(
        gt=0,
        le=1,
        description="Largest share of the total that they may hold, k: 0.9 is 90 %.",
    )


class Profile(Frozen):
    """One body's rules."""

    title: str = Field(description="Name of the rules, as reports show it.")
    threshold: int = Field(
        ge=1,
        description="Counts below are suppressed; 1 where rounding by itself protects.",
    )
    round_to: int = Field(
        ge=1, description="Counts are rounded to the nearest multiple; 1 for none."
    )
    low_below: int = Field(
        0, ge=0, description="Counts below, and not zero, are written as `symbols.low`."
    )
    percent_places: int = Field(
        ge=0, le=6, description="Decimal places of percentages."
    )
    percent_from: Literal["unrounded", "rounded"] = Field(
        description="Counts that percentages are calculated from."
    )
    percent_threshold: float | None = Field(
        None, ge=0, description="Least base of a percentage; else `threshold`."
    )
    average_threshold: float | None = Field(
        None, ge=0, description="Least base of an average; else `threshold`."
    )
    amounts_to: float = Field(
        100,
        gt=0,
        description="Averages of money are rounded to this multiple, in pounds.",
    )
    zeros_are_sensitive: bool = Field(
        description="Zero is suppressed like a small count."
    )
    full_cells_are_sensitive: bool = Field(
        False, description="Report a group whose members are all of one kind."
    )
    accuracy_places: int = Field(
        ge=0,
        le=6,
        description="Decimal places of precision, recall and F1 in per cent.",
    )
    institutions: Literal["codes", "pseudonyms"] = Field(
        "pseudonyms", description="How schools are named."
    )
    symbols: Symbols = Field(description="Symbols in place of values.")
    dominance: tuple[Dominance, ...] = Field(
        (), description="Dominance rules; a total that breaks one is suppressed."
    )
    p_percent: float | None = Field(
        None, gt=0, le=1, description="p of the p% rule, as a share: 0.1 is 10 %."
    )

    @property
    def least_percent_base(self) -> float:
        return (
            self.threshold if self.percent_threshold is None else self.percent_threshold
        )

    @property
    def fewest(self) -> float:
        """The least base of any share, an estimated one too: where no count is hidden,
        percentages of few still are.
        """
        return max(self.threshold, self.least_percent_base)

    @property
    def of_counts(self) -> str:
        """What is done to counts, in words."""
        nearest = f"to the nearest {self.round_to}"
        if self.threshold > 1:
            rest = f"; the rest are {nearest}" if self.round_to > 1 else ""
            return (
                f"Counts under {self.threshold} are not shown, nor others that "
                f"would disclose them{rest}"
            )
        low = (
            f", those under {self.low_below} written “{self.symbols.low}”"
            if self.low_below
            else ""
        )
        return f"Counts are {nearest}{low}; none is hidden for being small"

    @property
    def least_average_base(self) -> float:
        return (
            self.threshold if self.average_threshold is None else self.average_threshold
        )


def load(name: str = "leo_publication") -> Profile:
    """A profile by name.

    Raises:
        ConfigError: no such profile, or it has faults.
    """
    path = _profiles().get(name)
    if path is None:
        raise ConfigError(
            f"no disclosure profile '{name}'\n  there are: {', '.join(names())}"
        )
    return check(Profile, toml_of(path), path.name)


def exact() -> Profile:
    """No suppression and no rounding, for a user's own data that stay where they are;
    no command takes it by name.
    """
    return load().model_copy(
        update={
            "title": "Exact counts: not to be published",
            "threshold": 1,
            "round_to": 1,
        }
    )


def names() -> list[str]:
    """The profiles there are."""
    return list(_profiles())


def _profiles() -> dict[str, Path]:
    return {path.stem: path for path in config_files("disclosure/*.toml").values()}
