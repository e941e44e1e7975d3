"""One module for each layout of question files: how a row is recognised from its keys and what item it makes."""
