"""What a chat model may look up while it answers. Every tool only reads."""
