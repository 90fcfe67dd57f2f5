"""The configuration of a run, TOML files checked whole, and where the shipped
definitions lie.
"""

from linkage.config.run import (
    MOST_THREADS,
    OTHER_SIDE,
    AttributeTable,
    Cardinality,
    FileFormat,
    Gates,
    Name,
    Pass,
    Run,
    RunConfig,
    Source,
    Step,
    holds_many,
    load,
    of_manifest,
    single_sides,
)

__all__ = [
    "MOST_THREADS",
    "OTHER_SIDE",
    "AttributeTable",
    "Cardinality",
    "FileFormat",
    "Gates",
    "Name",
    "Pass",
    "Run",
    "RunConfig",
    "Source",
    "Step",
    "holds_many",
    "load",
    "of_manifest",
    "single_sides",
]
