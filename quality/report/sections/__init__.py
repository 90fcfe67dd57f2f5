"""The sections of the report, one a module; parts.toml says under which heading each stands."""
