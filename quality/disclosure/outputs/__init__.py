"""Tables of results that are to leave a secure setting: their faults, and how they may
leave.
"""
