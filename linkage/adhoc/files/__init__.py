"""How a file of any kind is read: its encoding, layout and packing, as rows of text or typed."""
