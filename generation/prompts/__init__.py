"""What models are told, as files, and what reads them."""
