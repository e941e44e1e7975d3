"""PDF files written by hand for tests: Chinese and Latin text at given places, in one font that needs no file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 595, 842


@dataclass(frozen=True)
class Text:
    """Text at a place in points from the top left; Latin letters are half as wide as Chinese ones."""

    x: float
    y: float
    text: str
    size: float = 11


def _font_objects() -> list[bytes]:
    widths = "/W [1 95 500 814 939 500]"  # the CIDs of Latin letters in Adobe-GB1
    return [
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 {widths} "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 5 0 R >>".encode(),
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -120 1000 880] /ItalicAngle 0 "
        b"/Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>",
    ]


def _content(texts: Sequence[Text]) -> bytes:
    shown = []
    for text in texts:
        codes = text.text.encode("utf-16-be").hex().upper()
        shown.append(f"BT /F1 {text.size} Tf 1 0 0 1 {text.x} {HEIGHT - text.y} Tm <{codes}> Tj ET")
    return "\n".join(shown).encode()


def make_pdf(pages: Sequence[Sequence[Text]]) -> bytes:
    """Return a PDF of A4 pages."""
    kids = " ".join(f"{6 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *_font_objects(),
    ]
    for i, texts in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {7 + 2 * i} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        stream = _content(texts)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def lines(*texts: str, x: float = 80, y: float = 80, step: float = 20, size: float = 11) -> list[Text]:
    """Return lines one below the other."""
    return [Text(x, y + step * i, text, size) for i, text in enumerate(texts) if text]


def write_pdf(path: Path, pages: Sequence[Sequence[Text]]) -> Path:
    """Write a PDF and return its path."""
    path.write_bytes(make_pdf(pages))
    return path
