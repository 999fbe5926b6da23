"""Tables: CSV, TSV, XLSX and ODS files of records and decisions."""
