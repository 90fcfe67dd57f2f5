"""Measures of linkage quality: precision, recall, bias, drift, calibration and
estimated error.
"""
