"""The library and how it is searched. Imports no other vouch package."""
