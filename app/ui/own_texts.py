"""What Streamlit itself says, in the language of the page: it has English only and no setting for it."""

import streamlit as st

from vouch.app.ui.language import Texts

_STYLE = """<style>
[data-testid=stFileUploaderDropzone] button p {{ font-size: 0; }}
[data-testid=stFileUploaderDropzone] button p::after {{ content: "{browse}"; font-size: 0.875rem; }}
[data-testid=stFileUploaderDropzoneInstructions] span {{ font-size: 0; }}
[data-testid=stFileUploaderDropzoneInstructions] span::after {{ content: "{limit}"; font-size: 0.875rem; }}
[data-testid=InputInstructions] {{ display: none; }}
</style>"""


def language_of_page(texts: Texts, upload_mb: int) -> None:
    """Put our words in the place of Streamlit's; English pages keep those."""
    if texts.language != "en":
        st.html(_STYLE.format(browse=texts("upload"), limit=texts("upload_limit", megabytes=upload_mb)))
