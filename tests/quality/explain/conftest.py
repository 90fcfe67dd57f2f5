"""Identities and identifier records as the specs of linkage.match have them."""

from tests.match.conftest import identifier_records, identities  # noqa: F401 - fixtures
