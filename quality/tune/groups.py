"""Subgroups that the pairs of a step fall into, by what is known of their left unit."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from linkage.catalogue import shipped
from linkage.engine import Engine, Table, quote
from quality.explain.opening import OpenRun, OpenStep
from quality.explain.sides import RunSide
from quality.measures.characteristics import NOT_KNOWN, entities_described, labels_of
from quality.measures.definitions import load as load_definitions
from quality.tune.evidence import Evidence, Ids

Groups = dict[str, tuple[Sequence[str], Ids]]


def groups_of(engine: Engine, run: OpenRun, step: OpenStep, evidence: Evidence) -> Groups:
    """Characteristic to its values in words, and for each pair the place of its left unit's value in these."""
    definitions, catalogue = load_definitions(), shipped()
    identities = {source: run.table(f"identities/{source}") for source in run.sources}
    attributes = run.tables_below("attributes")
    described = entities_described(engine, identities, attributes, definitions, catalogue)
    held = [c for c in definitions.characteristic if c.name in described.columns]
    # Of several records the first that knows, as quality.measures.link_rates has it.
    listed = ", ".join(
        f"min_by(d.{quote(c.name)}, d.entity_id) filter (where d.{quote(c.name)} is not null) as {quote(c.name)}"
        for c in held
    )
    if not held:
        return {}
    side = step.sides["left"]
    assert isinstance(side, RunSide)
    units: Table = engine.sql(
        f"""
        select m.unit_id, {listed}
        from {{members}} as m
        join {{described}} as d on d.entity_id = m.entity_id
        group by m.unit_id
        order by m.unit_id
        """,
        members=side.entities(),
        described=described,
    )
    found = engine.arrow(units)
    place = np.searchsorted(found["unit_id"].to_numpy(), evidence.left)
    groups: Groups = {}
    for characteristic in held:
        labels = labels_of(characteristic, catalogue)
        values, codes = coded(found[characteristic.name])
        groups[characteristic.name] = [labels.get(value, value) for value in values], codes[place]
    return groups


def coded(column: pa.ChunkedArray) -> tuple[list[str], Ids]:
    """The values of a column as reports have them, those that are not known last, and for each row the place of its."""
    found = column.cast(pa.string()).combine_chunks().fill_null(NOT_KNOWN).dictionary_encode()
    values = found.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda n: (values[n] == NOT_KNOWN, values[n]))
    return [values[n] for n in order], np.argsort(np.array(order, np.int64))[found.indices.to_numpy().astype(np.int64)]
