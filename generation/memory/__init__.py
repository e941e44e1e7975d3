"""What a conversation remembers, and questions that only make sense in its light."""
