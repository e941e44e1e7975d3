"""Training from what people thought of answers (DPO)."""
