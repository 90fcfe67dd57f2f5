"""Numbers, codes, hashes, bits, and words that are as rare as they."""
