"""Two person files linked with no configuration: `leo link LEFT RIGHT`."""
