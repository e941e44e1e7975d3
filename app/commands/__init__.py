"""One module for each command; each loads what it needs only when it runs."""
