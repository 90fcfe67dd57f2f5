"""Whatever is in a request's file, its faults are reported: reading and checking never
fail.
"""

import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from linkage.catalogue import shipped
from linkage.requests.application import tables_of
from linkage.requests.check import application_of, as_lines, faults_of
from linkage.requests.request import (
    Person,
    Request,
    RequestedPackage,
    RequestedTable,
    request_of,
)
from tests.requests.faulty import TODAY, good

_LEAVES = st.one_of(
    st.text(max_size=8),
    st.integers(-5, 5),
    st.booleans(),
    st.dates(),
    st.sampled_from(
        [
            "npd.census",
            "leo.person",
            "attainment",
            "geography",
            "2010/11",
            "2010/11-2012/13",
            "UPN",
            "Gender",
        ]
    ),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=6,
)


def _part(model: Any) -> st.SearchStrategy[Any]:
    keys = st.sampled_from([*model.model_fields, "other"])
    return st.one_of(st.dictionaries(keys, _VALUES, max_size=5), _LEAVES)


_CHANGES = st.one_of(
    st.tuples(st.sampled_from([*Request.model_fields, "other"]), _VALUES),
    st.tuples(st.just("table"), st.lists(_part(RequestedTable), max_size=3)),
    st.tuples(st.just("package"), st.lists(_part(RequestedPackage), max_size=3)),
    st.tuples(st.just("person"), st.lists(_part(Person), max_size=3)),
)


@given(changes=st.lists(_CHANGES, min_size=1, max_size=4))
def test_any_content_is_read_and_checked(changes: list[tuple[str, Any]]) -> None:
    raw = {**good(), **dict(changes)}
    request, form = request_of(raw)
    application = application_of(request, shipped(), TODAY)
    faults = faults_of(application, form)
    assert len(as_lines(faults)) == 3 * len(faults)
    tables_of(application.grants)
    if not faults:  # without faults: no change was against a rule
        assert request.retention is not None
        assert request.retention > datetime.date(2026, 1, 1)
