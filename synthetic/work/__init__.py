"""Working lives: in which years, in which jobs, for what pay."""
