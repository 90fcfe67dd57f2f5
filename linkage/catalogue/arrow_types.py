"""The catalogue's types as Arrow has them. Apart, so that the catalogue does not import
Arrow.
"""

import pyarrow as pa

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
