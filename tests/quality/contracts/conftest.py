"""The small catalogue of tests/records."""

from tests.records.conftest import catalogue, write

__all__ = ["catalogue", "write"]
