"""Small base models for the proof of fine-tuning: their texts, their vocabulary, their first training."""
