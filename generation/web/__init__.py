"""The web, where the settings open it."""
