"""The catalogue's types as Arrow has them. Whoever asks the catalogue alone is spared Arrow."""

import pyarrow as pa

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
