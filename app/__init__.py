"""The applications: command line, settings, wiring. Imports everything, is imported by nobody."""
