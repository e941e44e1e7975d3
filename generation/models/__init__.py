"""Language models, one file for each way of running them; only wiring imports them."""
