"""A Splink `Linker` on a step's own tables and model: its predictions have our match weights, and its charts work."""

import uuid
import warnings
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from linkage.model.splink_json import Model


def splink_linker(connection: Any, model: Model, tables: Mapping[str, Any]) -> Any:
    """Open a trained model in Splink.

    Splink has term frequencies of values, not of lists. A level that is adjusted by the rarest value that two histories
    share keeps its m and u in Splink and loses that adjustment; a warning names its comparison.

    Args:
        connection: of DuckDB, on which Splink makes its own tables.
        tables: name to a relation of that connection with unit_id and the model's columns: two, or one that is linked
            with itself.

    Returns:
        splink.Linker of link type link_only; of one table dedupe_only.

    Raises:
        ConfigError: the model is not trained.
    """
    from splink import DuckDBAPI, Linker

    model.check_trained("Splink's linker")
    unadjusted = [of.name for of in model.comparisons if any(level.tf_list for level in of.levels)]
    if unadjusted:
        warnings.warn(
            f"Splink does not adjust agreement on an earlier value by how rare it is: pairs that agree so on "
            f"{', '.join(unadjusted)} have another match weight in Splink than in links",
            stacklevel=3,
        )
    settings = deepcopy(model.raw) | {
        "link_type": "link_only" if len(tables) == 2 else "dedupe_only",
        "unique_id_column_name": "unit_id",
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }
    api = DuckDBAPI(connection=connection)
    # Splink takes the name that it shows for a table's name, which a file's is not, and sorts its tables by name.
    unique = uuid.uuid4().hex
    registered = [
        api.register(relation, dataset_display_name=name, table_name=f"records_{unique}_{place}")
        for place, (name, relation) in enumerate(tables.items())
    ]
    return Linker(registered, settings, log_level="WARNING")
