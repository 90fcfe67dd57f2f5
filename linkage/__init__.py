"""Record linkage for longitudinal administrative data, from raw person files to a linked spine."""

__version__ = "0.1.0"
