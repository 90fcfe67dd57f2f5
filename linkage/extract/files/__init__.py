"""The files of an extract: formats, hashes, and folders in the making."""
