"""Entities and identifier records as the specs of linkage.match have them."""

from tests.match.conftest import entities, identifier_records  # noqa: F401 - fixtures
