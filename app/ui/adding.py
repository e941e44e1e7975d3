"""Uploading documents: files, their collection, progress, what could not be read."""

import streamlit as st

from vouch.app.service.types import IngestRequest, Json, Service, Upload
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, page
from vouch.app.ui.trouble import headline, said, show_error
from vouch.retrieval.errors import VouchError

ENDINGS = ["pdf", "docx", "html", "htm", "md", "txt", "csv", "xlsx", "jsonl", "json"]
LOOK_EVERY = 0.5


def upload_form(service: Service, texts: Texts) -> None:
    """Show the form; begin the job when it is sent."""
    shown = page()
    with st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader(texts("upload"), ENDINGS, accept_multiple_files=True, key="files")
        collection = st.text_input(texts("upload_collection"), "default", max_chars=200)
        sent = st.form_submit_button(texts("upload_button"), type="primary", icon=":material/upload_file:")
    if sent:
        _begin(service, [Upload(file.name, file.getvalue()) for file in files], collection.strip(), texts)
    if shown.job:
        st.fragment(_watch, run_every=LOOK_EVERY)(service, shown.job, texts)
    elif shown.outcome:
        _outcome(shown.outcome, texts)


def _begin(service: Service, uploads: list[Upload], collection: str, texts: Texts) -> None:
    if not uploads:
        st.info(texts("choose_files"))
        return
    try:
        job = service.upload(uploads, IngestRequest((), collection or "default"), ACCESS)
    except VouchError as error:
        show_error(error, texts)
        return
    page().job, page().outcome = str(job["job_id"]), {}


def _watch(service: Service, job_id: str, texts: Texts) -> None:
    """Show how far a job is, a part of the page that runs again and again by itself; the whole page when it is done."""
    try:
        job = service.job(job_id, ACCESS)
        if job["state"] in ("queued", "running"):
            said = texts("upload_progress", done=job["done"], files=job["files"])
            st.progress(job["done"] / max(job["files"], 1), said)
            if st.button(texts("cancel"), key=f"cancel-{job_id}", icon=":material/cancel:"):
                service.cancel_job(job_id, ACCESS)
                st.session_state["cancelling"] = job_id
            if st.session_state.get("cancelling") == job_id:
                st.caption(texts("cancelling"))  # the document at hand is read to its end
            return
    except VouchError as error:
        show_error(error, texts)
        page().job = ""  # asked for no more once the page is shown anew
        return
    page().job, page().outcome = "", job
    st.rerun()


def _outcome(job: Json, texts: Texts) -> None:
    failed = [entry for entry in job["documents"] if entry["error"]]
    read = job["done"] - len(failed)
    match job["state"]:
        case "cancelled":
            st.info(texts("cancelled"))
        case "failed":
            st.error(said("VouchError", str(job["error"]), texts))
        case _ if read:
            st.success(f"{texts('upload_done')} · {read}")
    if failed:
        st.error(f"{len(failed)} {texts('upload_failed')}")
        for entry in failed:
            st.markdown(f"**{plain(str(entry['document']))}**\n\n{_unread(entry['error'], texts)}")


def _unread(error: Json, texts: Texts) -> str:
    return f"{headline(str(error['type']), texts)}  \n{plain(str(error['message']))}"
