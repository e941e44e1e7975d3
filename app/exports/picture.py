"""A PNG picture with Chinese text, drawn without a display."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vouch.retrieval.errors import UsageError

FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Heiti SC",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "Arial Unicode MS",
)
"""Common fonts with Chinese characters; the first one installed is used."""
DPI = 150


@contextmanager
def picture(path: Path, inches: tuple[float, float], title: str) -> Iterator[Figure]:
    """Give a figure to draw into and write it; UsageError where no installed font has Chinese characters."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    font = next((name for name in FONTS if name in installed), None)
    if font is None:
        raise UsageError("no installed font has Chinese characters: install one, such as Noto Sans CJK")
    with rc_context(
        {"font.family": "sans-serif", "font.sans-serif": [font, "DejaVu Sans"], "axes.unicode_minus": False}
    ):
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, fontsize=13)
        yield figure
        figure.savefig(path, format="png", dpi=DPI)
