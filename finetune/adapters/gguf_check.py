"""Whether llama.cpp reads texts as the model's own tokenizer does: it is asked before any weights are written."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np

from vouch.finetune.adapters.gguf_tokenizer_json import anchor_of
from vouch.finetune.adapters.gguf_tokens import TokenTable
from vouch.generation.models.llama_server import LlamaOptions, LlamaServer
from vouch.generation.models.vocabularies import PieceVocabulary, TokenizerVocabulary
from vouch.retrieval.errors import ModelError

PROBES = (
    "2022年营业收入为1,234.56万元，同比增长12.3%；净利润（扣非）-5.6亿元。",
    "糖尿病患者首选二甲双胍 500 mg，每日2次。",
    "The company's revenue didn't grow by 12.3 percent in FY2023!\n\nSee   note 7(a):\t§3.1",
    '  两个空格\n\n   第三行\r\n```python\nx = {"年份": 2023}\n```',
    "١٢٣ ½ ﹪ Ⅳ 🙂👍🏽 éàü ąę ñ — “引号”《书名》",
    " ",
    "\n",
    "a",
    "people soporific philosophy",
)
_WIDTH = 32
"""Of the model without sense that carries the vocabulary."""


Source = PieceVocabulary | TokenizerVocabulary


def check_vocabulary(table: TokenTable, source: Source) -> None:
    """Raise ModelError where llama.cpp makes other tokens of a text, or does not know a control token by its name."""
    with tempfile.TemporaryDirectory(prefix="vouch-gguf-") as folder:
        file = Path(folder) / "vocabulary.gguf"
        _write_senseless(file, table)
        server = LlamaServer(file, LlamaOptions(512, threads=1, gpu=False))
        try:
            wrong = next(_differences(server, table, source), None)
        except ModelError as error:
            wrong = str(error)  # a byte or a piece that it needs is not there
        finally:
            server.close()
    if wrong:
        raise ModelError(
            f"llama.cpp would not read texts as this model's tokenizer does: {wrong}. Take convert_hf_to_gguf.py of "
            "llama.cpp, or serve the model in another way (model.runtime = transformers)"
        )


def _differences(server: LlamaServer, table: TokenTable, source: Source) -> Iterator[str]:
    for text in PROBES:
        found, due = _ids(server, text, special=False), _due(source, text)
        if found != due:
            at = next((n for n, pair in enumerate(zip(found, due, strict=False)) if pair[0] != pair[1]), len(due))
            yield f"{text!r} becomes {found[at : at + 4]} from token {at} on, where {due[at : at + 4]} is due"
    for number, (name, kind) in enumerate(zip(table.tokens, table.kinds, strict=True)):
        if kind is not gguf.TokenType.CONTROL:
            continue
        if (found := _ids(server, name, special=True)) != [number]:
            yield f"the control token {name} becomes {found}"
        if number in _ids(server, f"x{name}x", special=False):
            yield f"a text that spells the control token {name} holds it"


def _due(source: Source, text: str) -> list[int]:
    return source.text_ids(text) if isinstance(source, PieceVocabulary) else source.text_ids(text, anchor_of(source))


def _ids(server: LlamaServer, text: str, special: bool) -> list[int]:
    body = {"content": text, "add_special": False, "parse_special": special}
    return [int(token) for token in server.ask("/tokenize", body)["tokens"]]


def _write_senseless(file: Path, table: TokenTable) -> None:
    """Write a Llama of one layer of zeros: only its vocabulary is ever used."""
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    table.write(writer)
    square, vector = (_WIDTH, _WIDTH), (_WIDTH,)
    layer = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
    shapes: dict[str, tuple[int, ...]] = {f"blk.0.{name}.weight": square for name in layer}
    shapes |= {f"blk.0.{name}.weight": vector for name in ("attn_norm", "ffn_norm")}
    shapes |= {"token_embd.weight": (len(table.tokens), _WIDTH), "output_norm.weight": vector}
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, np.float16 if len(shape) > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
