"""What one person cannot do, as data: configs/quality/implausible.toml."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.config.resources import config_file
from linkage.config.toml_file import check, read_toml

Kind = Literal["too young", "after death", "two at once", "two in a period", "values conflict"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Events(_Strict):
    """Rows of a table of attributes that say when something happened."""

    table: str  # <dataset>_<table>
    start: str
    end: str | None = None
    where: dict[str, tuple[str, ...]] = {}  # column to the values that count


class Rule(_Strict):
    """One thing that a person cannot do; the keys are explained in the file."""

    name: str
    kind: Kind
    why: str
    of: tuple[Events, ...] = ()
    age: Annotated[int, Field(ge=0)] | None = None
    days: Annotated[int, Field(ge=1)] | None = None
    agreeing: Annotated[int, Field(ge=1, le=3)] | None = None
    periods: Annotated[int, Field(ge=1)] = 1
    slips: Annotated[int, Field(ge=1)] | None = None
    death: Events | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "Rule":
        needs = {
            "too young": ("age", "of"),
            "after death": ("death", "of"),
            "two at once": ("days", "of"),
            "two in a period": ("of",),
            "values conflict": ("agreeing",),
        }[self.kind]
        missing = [key for key in needs if not getattr(self, key)]
        if missing:
            raise ValueError(f"rule '{self.name}': kind '{self.kind}' needs {', '.join(missing)}")
        if self.kind == "two at once" and any(events.end is None for events in self.of):
            raise ValueError(f"rule '{self.name}': spells need an end")
        if self.slips and self.kind not in ("too young", "values conflict"):
            raise ValueError(f"rule '{self.name}': slips are of birth dates, which kind '{self.kind}' does not compare")
        return self


class _File(_Strict):
    rule: tuple[Rule, ...] = ()


def load(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules; those that ship with the package when no file is given.

    Raises:
        ConfigError: no such file, no TOML, or faults, all at once.
    """
    path = path or config_file("quality/implausible.toml")
    raw = read_toml(path, "name a TOML file of rules, or none")
    return check(_File, raw, str(path)).rule
