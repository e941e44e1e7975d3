"""From a question to a cited answer. Knows the library, not how it was filled."""
