"""A folder exported for chatglm.cpp, where that is installed (make test-chatglm-cpp)."""

from pathlib import Path

import pytest

pytest.importorskip("chatglm_cpp")
pytest.importorskip("tabulate")

from tests.generation.models.tiny_gguf import tiny_glm
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_llama
from vouch.finetune.adapters.ggml_export import export_ggml
from vouch.generation.chat import ChatRequest, Message, Sampling, collected
from vouch.generation.models.chatglm_cpp import ChatGLMCppChat
from vouch.retrieval.errors import ModelError

pytestmark = pytest.mark.chatglm_cpp


def test_an_exported_file_says_what_transformers_says(tmp_path: Path) -> None:
    tiny = tiny_glm(tmp_path / "glm.gguf", whole=False)
    tiny.save(tmp_path / "folder")
    done = export_ggml(tmp_path / "folder", tmp_path / "glm.ggml", "f32")
    assert (done.type, done.bytes) == ("f32", (tmp_path / "glm.ggml").stat().st_size)
    chat = ChatGLMCppChat(tmp_path / "glm.ggml")
    request = ChatRequest((Message("user", "营业收入是多少？"),), sampling=Sampling(max_tokens=24))
    assert chat.prompt_ids(request)[:2] == [len(tiny.pieces) + 1, len(tiny.pieces) + 3]
    assert collected(chat.stream(request)).text.strip() == tiny.until_the_end(chat.prompt_ids(request), 24).strip()


def test_what_it_cannot_run_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "llama", CHATML_TOKENS, CHATML)
    with pytest.raises(ModelError, match=r"has no tokenizer\.model"):
        export_ggml(folder, tmp_path / "x.ggml", "q4_0")
    with pytest.raises(ModelError, match="no type 'q3'"):
        export_ggml(folder, tmp_path / "x.ggml", "q3")
    assert not (tmp_path / "x.ggml").exists()
