"""Ways through school, college and university."""
