"""The facts of a library as far as some collections hold them."""

from collections.abc import Iterable
from dataclasses import replace
