"""One module for each kind of file; registry.py chooses."""
