"""Checks of sources, published tables and extracts against the catalogue, judged by
Great Expectations.
"""

from quality.contracts.checks import ContractReport, ContractResult, Delivered, check

__all__ = ["ContractReport", "ContractResult", "Delivered", "check"]
