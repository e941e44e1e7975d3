"""The REST service: routes and shapes of the contract over a Service. Knows no library, model or index."""
