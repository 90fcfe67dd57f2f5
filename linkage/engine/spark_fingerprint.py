"""A table's fingerprint as Spark works it out: the same number by another way.

Spark writes a list out in code of its own for each column. Of twenty lists of dates, as
entities have, that is a method of 14,000 bytes, which Java never compiles: here one
piece of code writes all of them.
"""

import pyarrow as pa

from linkage.engine.base import quote
from linkage.engine.dialect import to_spark
from linkage.engine.fingerprint import row_text

HALF = 30
"""Bits of the lower half of a row's hash: the sums of halves fit a bigint, and decimals
take a fifth longer.
"""


def query(name: str, schema: pa.Schema) -> str:
    """Spark's query of a table's number of rows, and of the sums of the higher and
    lower halves of their hashes.
    """
    of_dates, of_texts = (
        [
            field.name
            for field in schema
            if pa.types.is_list(field.type) and is_kind(field.type.value_type)
        ]
        for is_kind in (pa.types.is_date, pa.types.is_string)
    )
    lists = (
        [f"cast([{', '.join(map(quote, of_dates))}] as varchar[][])"]
        if of_dates
        else []
    )
    lists += [f"[{', '.join(map(quote, of_texts))}]"] if of_texts else []
    lists_text = (
        f"list_transform(flatten([{', '.join(lists)}]), lambda e: '[' || "
        "array_to_string(e, ', ', '~') || ']')"
    )
    packed_lists = f", barrier({lists_text}) as lists_as_texts" if lists else ""
    texts = {
        column: f"lists_as_texts[{place}]"
        for place, column in enumerate([*of_dates, *of_texts], 1)
    }
    text = to_spark(
        f"select {row_text(schema, texts)} as row_text from (select *{packed_lists} "
        f"from {quote(name)}) as rows_of_it"
    )
    return f"""
        select count(*) as row_count, sum(shiftright(number, {HALF})) as high,
            sum(number & {(1 << HALF) - 1}) as low
        from (select cast(conv(substr(md5(row_text), 1, 15), 16, 10) as bigint)
            as number from ({text}))
        """
