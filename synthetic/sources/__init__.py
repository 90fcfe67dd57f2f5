"""One population seen by each body: what NPD, ILR, HESA, CIS, HMRC and DWP hold
of it.
"""
