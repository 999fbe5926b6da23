"""Bias: pitfalls and rules, public data sets, and number checks."""
