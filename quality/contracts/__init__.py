"""What the catalogue promises of the data, checked at the door by Great Expectations on counts alone."""

from quality.contracts.report import ContractReport, ContractResult, Delivered, check

__all__ = ["ContractReport", "ContractResult", "Delivered", "check"]
