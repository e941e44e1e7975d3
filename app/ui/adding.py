"""Uploading documents: files, their collection, progress, what could not be read."""

import time

import streamlit as st

from vouch.app.service.types import IngestRequest, Json, Service, Upload
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, page
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
    if sent and files:
        uploads = [Upload(file.name, file.getvalue()) for file in files]
        try:
            job = service.upload(uploads, IngestRequest((), collection.strip() or "default"), ACCESS)
        except VouchError as error:
            st.error(plain(str(error)))
            return
        shown.job = str(job["job_id"])
    if shown.job:
        _watch(service, shown.job, texts)


def _watch(service: Service, job_id: str, texts: Texts) -> None:
    """Show how far a job is until it is done."""
    bar, cancel = st.empty(), st.empty()
    try:
        job = service.job(job_id, ACCESS)
        stopped = job["state"] in ("queued", "running") and cancel.button(texts("cancel"), key=f"cancel-{job_id}")
        if stopped:
            job = service.cancel_job(job_id, ACCESS)
        while job["state"] in ("queued", "running"):
            said = texts("upload_progress", done=job["done"], files=job["files"])
            bar.progress(job["done"] / max(job["files"], 1), said)
            time.sleep(LOOK_EVERY)
            job = service.job(job_id, ACCESS)
    except VouchError as error:
        bar.error(plain(str(error)))
        return
    bar.empty()
    cancel.empty()
    _outcome(job, texts)


def _outcome(job: Json, texts: Texts) -> None:
    failed = [entry for entry in job["documents"] if entry["error"]]
    read = job["done"] - len(failed)
    match job["state"]:
        case "cancelled":
            st.info(texts("cancelled"))
        case "failed":
            st.error(plain(str(job["error"])))
        case _ if read:
            st.success(f"{texts('upload_done')} · {read}")
    if failed:
        st.error(f"{len(failed)} {texts('upload_failed')}")
        for entry in failed:
            st.markdown(f"- **{plain(str(entry['document']))}** — {plain(str(entry['error']['message']))}")
