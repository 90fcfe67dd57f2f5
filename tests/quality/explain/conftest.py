"""Entities and identifier records as in the tests of linkage.match."""

from tests.match.conftest import entities, identifier_records  # noqa: F401 - fixtures
