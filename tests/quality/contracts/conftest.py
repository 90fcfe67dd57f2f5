"""The small catalogue of tests/records."""

from tests.records.conftest import catalogue, put

__all__ = ["catalogue", "put"]
