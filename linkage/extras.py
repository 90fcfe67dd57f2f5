"""Optional packages: the extra of leo-linkage that installs each, and the error where
one is missing.
"""

from importlib.util import find_spec

from linkage.errors import ConfigError

EXTRAS = {
    "apps": (
        "fastapi",
        "python_multipart",
        "rapidfuzz",
        "uvicorn",
    ),  # leo review, leo model tune
    "contracts": (
        "great_expectations",
        "pandas",
    ),  # a run's checks of sources and published tables
    "disclosure": ("highspy",),  # suppression in reports, dashboards and outputs
    "readers": ("pyreadstat",),  # SPSS, Stata and SAS files
    "spark": ("pyspark", "rapidfuzz"),
    "splink": ("altair", "splink"),  # training by Splink, its Linker and its charts
}
"""Modules of each extra in pyproject.toml. What needs one calls `require` first, and
imports it where it is used.
"""


def require(what: str, *extras: str) -> None:
    """Check that the packages of extras are installed, before the work that needs them.

    Args:
        what: as the message calls it, for example "leo review".

    Raises:
        ConfigError: some are missing; the message names them and the command that
            installs them.
    """
    missing = {
        extra: [name for name in EXTRAS[extra] if find_spec(name) is None]
        for extra in extras
    }
    names = sorted({name for modules in missing.values() for name in modules})
    if names:
        extras_text = ",".join(extra for extra, modules in missing.items() if modules)
        raise ConfigError(
            f"{what} needs {', '.join(names)}\n  install: pip install "
            f"'leo-linkage[{extras_text}]'"
        )
