"""An extract that lies on a disk, read again, and what has changed since."""
