"""The odds of a preset: configs/synthetic/<preset>.toml, checked against
realistic.toml, which says what each key is.
"""

from pathlib import Path
from typing import Any

from linkage.config.resources import config_files, shipped_dir
from linkage.config.toml_file import toml_of
from linkage.errors import ConfigError
from synthetic.base.rules import Table, checked, overlaid

FACTORS = ("typo", "scanned", "nickname", "postcode", "dob")
"""What a source multiplies the odds of an error by; 1 where the preset says nothing."""

_NO_PROBABILITY = 2.0  # stands for a number of zero or more that may exceed 1


def by_name() -> dict[str, Path]:
    """The files of presets by their names: those that ship and the user's own."""
    return {path.stem: path for path in config_files("synthetic/*.toml").values()}


def load(preset: str) -> Table:
    """The odds of a preset. One that `extends` another states only what differs.

    Raises:
        ConfigError: there is no such preset, or its file has faults; all are named at
            once.
    """
    raw = _raw(preset)
    raw["source"] = dict(raw.get("source", {}))
    model = toml_of(shipped_dir() / "synthetic" / "realistic.toml")
    for source, late_odds in model["late"].items():
        late_odds |= dict.fromkeys(("address_years", "surname_years"), _NO_PROBABILITY)
        model["source"][source] = dict.fromkeys(FACTORS, _NO_PROBABILITY)
        raw["source"][source] = dict.fromkeys(FACTORS, 1.0) | raw["source"].get(
            source, {}
        )
    model["quality"] = dict.fromkeys(model["quality"], _NO_PROBABILITY)
    return checked(by_name()[preset], raw, model)


def _raw(preset: str, extenders: tuple[str, ...] = ()) -> dict[str, Any]:
    presets = by_name()
    if preset not in presets:
        raise ConfigError(
            f"there is no preset '{preset}'\n  there are: {', '.join(presets)}"
        )
    if preset in extenders:
        raise ConfigError(
            f"preset '{preset}' extends itself\n  name another one in `extends`"
        )
    raw = toml_of(presets[preset])
    base = raw.pop("extends", None)
    return overlaid(_raw(str(base), (*extenders, preset)), raw) if base else raw
