"""Who is in an extract, and their rows under pseudonyms."""
