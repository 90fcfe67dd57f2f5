"""Further records of people who are linked: which of them join, and how many were missed."""
