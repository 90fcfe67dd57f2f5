"""How likely pairs are one person, given their rivals; what the links could have been, and what was not kept."""
