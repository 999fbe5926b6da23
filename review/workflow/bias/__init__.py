"""Bias flags, data sets and sample sizes of a review's studies."""
