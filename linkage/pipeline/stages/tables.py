"""Names of the tables that several stages make or read."""

LOOKUPS = ("lookup_ae_id", "lookup_edukey", "lookup_pmr")
LEO_TABLES = ("employment", "earnings", "self_assessment", "benefits", "geography", "person", "outcomes")
