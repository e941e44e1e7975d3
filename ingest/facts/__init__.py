"""Statement values and other facts of a company's report, read from where they are printed."""
