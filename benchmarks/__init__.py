"""Side by side with other systems, in one run, on the same files. Start with: make
bench
"""
