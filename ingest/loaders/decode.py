"""Text from bytes of an unnamed encoding: UTF-8, UTF-16, GB18030, Big5, and what charset-normalizer can tell.

The order is by how sure each test is. GB18030 accepts nearly any bytes, so what it makes of them must also look like
Chinese: measured on guidelines, 0.99 of the characters are punctuation or among the 3,755 common ones (0.77 where the
text is traditional), against 0.2 in Big5 and 0.0 in Shift-JIS taken for GB18030.
"""

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from vouch.ingest.loaders.files import read_bytes
from vouch.retrieval.errors import UnreadableDocument

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DAMAGE = 0.02
"""A text may lose this share of its characters beyond ASCII to broken bytes and still be of that encoding."""
COMMON = {"gb2312": 0.6, "big5": 0.8}
"""At least this share of real Chinese text is common characters and punctuation, by the order of each standard."""
_COMMON_ROWS = {
    "gb2312": frozenset([0xA1, 0xA2, 0xA3, 0xA6, 0xA8, 0xA9, *range(0xB0, 0xD8)]),
    "big5": frozenset(range(0xA1, 0xC7)),
}
"""Lead bytes of punctuation, Greek, box drawing and the common characters; GB2312's kana would let Japanese pass."""
SAMPLE = 20_000
"""Bytes that are enough to tell an encoding by its characters."""
MAX_CONTROL = 0.01

MAX_ACCENTS = 0.2
"""A text in a Latin script has fewer bytes beyond ASCII."""

_LATIN = ["cp1252"]
_OTHERS = ["cp1251", "shift_jis", "euc_jp", "euc_kr", "big5hkscs", "gb18030", "cp1252"]
_CONTROL = re.compile(b"[\x01-\x08\x0e-\x19\x7f]")
_SURE = frozenset({"utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "gb18030", "big5hkscs"})


def read_text(path: Path, declared: str = "") -> tuple[str, str]:
    """Return the text of a file and its encoding."""
    return decode(read_bytes(path), declared)


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """Return the text, lines ended by newlines, and the encoding; UnreadableDocument for what is no text.

    A character cut off at the very end, or a broken one inside, becomes U+FFFD. `declared` is what the file itself
    says of its encoding.
    """
    for mark, encoding in BOMS:
        if data.startswith(mark):
            text = _decoded(data[len(mark) :], encoding)
            if text is None:
                raise UnreadableDocument(f"its byte order mark says {encoding}, its bytes do not", _REMEDY)
            return _newlines(text), encoding
    _refuse_binary(data)
    for encoding, is_right in (
        ("utf-8", None),
        (_known(declared), None),
        ("gb18030", "gb2312"),
        ("big5hkscs", "big5"),
    ):
        text = _decoded(data, encoding) if encoding else None
        if text is not None and (is_right is None or _common_share(text, is_right) >= COMMON[is_right]):
            return _newlines(text), encoding
    sample = data if len(data) <= SAMPLE else data[:SAMPLE].rpartition(b"\n")[0] or data[:SAMPLE]
    high = sum(1 for byte in sample if byte > 0x7F)
    best = from_bytes(sample, cp_isolation=_LATIN if high < MAX_ACCENTS * len(sample) else _OTHERS).best()
    text = _decoded(data, best.encoding) if best is not None else None
    if best is None or text is None:
        raise UnreadableDocument("its bytes are text in no encoding that could be recognised", _REMEDY)
    return _newlines(text), best.encoding


def decoding_warnings(text: str, encoding: str) -> tuple[str, ...]:
    """Return what the reader of a decoded text should know."""
    found = []
    if encoding not in _SURE:
        found.append(f"its encoding was guessed to be {encoding}: if the text looks wrong, save it as UTF-8")
    broken = text.count("\ufffd")
    if broken:
        where = " at its end: the file may be cut off" if broken == 1 and text.endswith("\ufffd") else ""
        found.append(f"{broken} broken character(s){where}")
    return tuple(found)


_REMEDY = "save it as text in UTF-8"


def _refuse_binary(data: bytes) -> None:
    if b"\x00" in data:
        raise UnreadableDocument(
            "it holds zero bytes: binary data, or UTF-16 without a byte order mark", "save it as text in UTF-8"
        )
    if len(_CONTROL.findall(data)) > MAX_CONTROL * len(data):
        raise UnreadableDocument("it is binary data, not text", "convert it to one of the file types Vouch reads")


def _known(declared: str) -> str:
    """Return a declared encoding's codec name, the wider one where a standard has grown; empty for an unknown one."""
    try:
        name = codecs.lookup(declared.strip()).name if declared.strip() else ""
        "".encode(name or "ascii")  # LookupError for codecs that are no text encodings
    except (LookupError, ValueError):
        return ""
    wider = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso8859-1": "cp1252", "ascii": ""}
    name = wider.get(name, name)
    return "" if name.startswith(("utf-7", "utf-16", "utf-32", "idna", "punycode", "unicode", "raw")) else name


def _decoded(data: bytes, encoding: str) -> str | None:
    """Return the text if the bytes are of this encoding, but for a cut-off end and little damage."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        text = decoder.decode(data)  # not final: what a cut leaves of the last character stays behind
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        beyond_ascii = sum(1 for character in text if character > "\x7f")
        return text if text.count("\ufffd") <= DAMAGE * beyond_ascii else None
    if not decoder.getstate()[0]:
        return text
    return None if text.isascii() else text + "\ufffd"  # one odd byte after ASCII says nothing of the encoding


def _common_share(text: str, standard: str) -> float:
    """Return the share of a text's wide characters that are common in a Chinese standard's order."""
    wide = "".join(character for character in text[:SAMPLE] if character > "\x7f")
    leads = wide.encode(standard, "ignore")[::2]
    return sum(1 for lead in leads if lead in _COMMON_ROWS[standard]) / max(len(wide), 1)


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
