"""Sample documents for `vouch demo` and the tests, all written by us; `generate.py` makes the PDF and DOCX files."""
