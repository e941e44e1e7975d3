"""From files to the library. Knows nothing of questions."""
