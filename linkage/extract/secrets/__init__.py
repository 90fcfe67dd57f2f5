"""Keys, and what is made by them: pseudonyms, and files that only the holder of a key can read."""
