"""What was looked up in a state that does not change, kept for the next who asks."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class LookedUp(Generic[_Key, _Value]):
    """The last values looked up; safe for many threads, of which two may look up the same."""

    def __init__(self, look_up: Callable[[_Key], _Value], most: int = 64) -> None:
        self._look_up, self._most = look_up, most
        self._kept: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key) -> _Value:
        """Return the value of a key."""
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._look_up(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found
