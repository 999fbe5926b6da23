"""PubMed's formats: XML, older document types and summaries."""
