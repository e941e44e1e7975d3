"""Tool calls of GGUF models in a real llama.cpp: random weights, and yet every call can be carried out."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")
pytest.importorskip("transformers")
pytest.importorskip("jsonschema")

import jsonschema

from tests.generation.models.tiny_gguf import tiny_glm, tiny_llama
from vouch.generation.chat import ChatRequest, Message, Sampling, ToolSchema, collected
from vouch.generation.models.gguf import GgufChat
from vouch.generation.models.llama_server import LlamaOptions

TOOLS = (
    ToolSchema("today", "date", {"type": "object", "properties": {}}),
    ToolSchema(
        "add",
        "adds",
        {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 4},
                "numbers": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
                "unit": {"enum": ["元", "%"]},
            },
            "required": ["unit"],
        },
    ),
)
SCHEMAS = {tool.name: tool.parameters for tool in TOOLS}


class Eager(GgufChat):
    """Likes the texts with which calls begin."""

    def _body(self, request: ChatRequest, prompt: Sequence[int]) -> dict[str, Any]:
        bias = {"{": 100.0, "a": 9.0, "t": 9.0}
        liked = [[self._server.ask("/tokenize", {"content": text})["tokens"][-1], by] for text, by in bias.items()]
        return super()._body(request, prompt) | {"logit_bias": liked}


@pytest.fixture(scope="module", params=["llama", "chatglm3"])
def chat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eager]:
    make = tiny_llama if request.param == "llama" else tiny_glm
    tiny = make(tmp_path_factory.mktemp("gguf") / f"{request.param}.gguf", whole=False)
    model = Eager(tiny.path, LlamaOptions(2048, threads=1))
    yield model
    model.close()


def test_every_call_of_a_random_model_can_be_carried_out(chat: Eager) -> None:
    called: list[str] = []
    for seed in range(12):
        sampling = Sampling(1.0, seed=seed, max_tokens=300)
        reply = collected(chat.stream(ChatRequest((Message("user", "查2023年"),), TOOLS, sampling=sampling)))
        if reply.finish != "tool_calls":
            continue
        for call in reply.tool_calls:
            assert call.problem == ""
            jsonschema.validate(dict(call.arguments), dict(SCHEMAS[call.name]))
            called.append(call.name)
    assert len(called) >= 6
