"""From what a researcher asks for to what may leave: data packages, requests,
decisions, and the register of them.
"""
