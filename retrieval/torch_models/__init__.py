"""What adapters that run torch models share: devices, precisions, loading, errors."""
