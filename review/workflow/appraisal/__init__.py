"""Appraisal: blinded forms by several reviewers, consensus and quality gates.

forms     a reviewer's own forms          tools     which checklists, for which kind of study
settling  consensus, gates, the outcome   results   settled forms, agreement, for exports
readers   who appraises which report
sheets    templates and filled-in XLSX    scoring   a CSV of answers, without any review
"""
