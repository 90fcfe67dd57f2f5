"""What runs stages of any kind: their folder, manifest, lock and log, and what is done again."""
