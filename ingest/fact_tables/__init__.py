"""Facts that somebody else has extracted: tables of values, imported with the row each stands in."""
