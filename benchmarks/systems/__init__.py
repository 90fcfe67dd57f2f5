"""Each system as a process of its own, on the same two files: id, and text columns of one name on both sides."""
