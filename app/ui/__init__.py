"""The chat in the browser, with Streamlit. Asks a Service and nothing else."""
