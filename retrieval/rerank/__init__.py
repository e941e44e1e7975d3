"""Second readings: what puts the best of a ranking in a better order, one module for each kind."""
