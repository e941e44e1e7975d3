"""The zip file inside a DOCX or XLSX, checked before anything is unpacked."""

import io
import zipfile
import zlib

from vouch.retrieval.errors import UnreadableDocument

MAX_UNPACKED = 200 * 2**20
MAX_MEMBERS = 10_000
MAX_RATIO = 200
"""Office documents pack text 5 to 30 times smaller; a bomb is near deflate's limit of 1,032."""
SMALL = 2**20
"""Members up to this size may be packed as tightly as they like: empty styles and grids are."""

_DAMAGED = "open it in Word or Excel, or LibreOffice, and save it again"


def checked_office_file(data: bytes, main_part: str) -> io.BytesIO:
    """Return the file for its library to read; UnreadableDocument for damage, a password or a zip bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            broken = _first_broken(archive) if _is_bearable(members) else None
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as problem:
        raise UnreadableDocument(f"the file is cut off or damaged ({problem})", _DAMAGED) from problem
    if broken:
        raise UnreadableDocument(f"its part {broken} is damaged", _DAMAGED)
    if main_part not in {member.filename for member in members}:
        raise UnreadableDocument(f"it lacks the part {main_part}", _DAMAGED)
    return io.BytesIO(data)


def _is_bearable(members: list[zipfile.ZipInfo]) -> bool:
    """Return True, or raise for what would fill the memory or cannot be unpacked."""
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableDocument("the file is protected by a password", "save a copy without the password")
    unpacked = sum(member.file_size for member in members)
    tight = any(member.file_size > max(SMALL, MAX_RATIO * member.compress_size) for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or tight:
        raise UnreadableDocument(
            f"it would unpack to {unpacked / 2**20:.0f} MB in {len(members)} parts: a zip bomb, or far too large",
            f"split it: at most {MAX_UNPACKED // 2**20} MB unpacked, packed at most {MAX_RATIO} to 1",
        )
    return True


def _first_broken(archive: zipfile.ZipFile) -> str | None:
    """Return the first XML part that does not unpack to what its checksum says."""
    for member in archive.infolist():
        if member.filename.endswith((".xml", ".rels")):
            try:
                archive.read(member)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
                return member.filename
    return None
