"""Whether an optional package is there. Knows no feature but by the name it is given."""

from importlib.util import find_spec

from vouch.retrieval.errors import MissingExtra


def need(module: str, feature: str, extra: str) -> None:
    """Raise MissingExtra where an optional package is not installed."""
    if find_spec(module) is None:
        raise MissingExtra(feature, extra)
