"""What strangers share beyond chance: u that random pairs do not show."""
