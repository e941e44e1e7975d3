"""Whether an answer may be given: its citations, numbers and quotes against the pages it cites."""
