"""Facts into files, one module for each library that writes them."""
