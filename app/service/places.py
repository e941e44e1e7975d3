"""Where files stand on the server is nobody's business: what is told of them holds names alone."""

import re
from collections.abc import Mapping
from typing import Any

_FOLDERS = re.compile(r"""(?<![^\s'"(:])/(?:[^/\n]+/)+""")
"""The folders of a path that stands in a text."""


def placeless(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of a file, by its name instead of its path, in messages and warnings too."""
    told = {name: value for name, value in result.items() if name != "path"}
    error = told["error"]
    return {
        "document": str(result["path"]).rpartition("/")[2],
        **told,
        "error": {**error, "message": without_folders(error["message"])} if error else None,
        "warnings": [without_folders(warning) for warning in told["warnings"]],
    }


def without_folders(text: str) -> str:
    """Return a text whose paths are names."""
    return _FOLDERS.sub("", text)
