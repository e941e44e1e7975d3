"""What a training leaves: adapters listed, merged, exported and described."""
