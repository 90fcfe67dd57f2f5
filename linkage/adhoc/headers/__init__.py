"""What columns are called: words, forms of headers, and which field each header names."""
