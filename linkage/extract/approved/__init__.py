"""What a project is approved for, and what the tables of its extract look like."""
