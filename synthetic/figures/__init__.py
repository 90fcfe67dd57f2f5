"""Published figures as look-up tables, and what makes these tables of what was published."""
