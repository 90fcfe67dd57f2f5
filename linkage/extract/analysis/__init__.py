"""Analysis-ready tables: a row a person, a year or a month, made of the approved ones."""
