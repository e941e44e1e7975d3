"""What chat models on transformers cost: loading, memory, tokens a second, and our loop against the plain one.

    python benchmarks/generate.py MODEL_FOLDER [--tokens 32] [--rounds 5] [--quantise none int8 int4]
    python benchmarks/generate.py --six-billion

The second form makes ChatGLM3 checkpoints as wide as the 6B model with 1 and 3 of its 28 layers (random weights, no
model is needed) and extrapolates: a fixed part, and a part for each layer. Every line of the output is one JSON object.
`overhead` is told by time of the processor, `overhead_wall` by the clock: the first is sound on a busy machine too.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROMPT = "公司2023年营业收入为1,234,567.89元，同比增长12.3%，净利润为234,567.89元。" * 8
WIDTH = {"hidden_size": 4096, "ffn_hidden_size": 13696, "kv_channels": 128, "num_attention_heads": 32}
LAYERS = 28
SAMPLED_LAYERS = (1, 3)
VOCABULARY = 65024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--six-billion", action="store_true")
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quantise", nargs="+", default=["none", "int8", "int4"], choices=["none", "int8", "int4"])
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(arguments), ensure_ascii=False))
    elif arguments.six_billion:
        six_billion(arguments)
    elif arguments.folder:
        for quantise in arguments.quantise:
            print(json.dumps(in_a_process_of_its_own(arguments.folder, quantise, arguments)))
    else:
        parser.error("name a model's folder, or --six-billion")


def six_billion(arguments: argparse.Namespace) -> None:
    """Print what each kind of weights takes at 1 and 3 layers, and what follows for 28."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for layers in SAMPLED_LAYERS:
        with tempfile.TemporaryDirectory(prefix="vouch-generate-") as folder:
            write_checkpoint(Path(folder), layers)
            for quantise in arguments.quantise:
                line = in_a_process_of_its_own(Path(folder), quantise, arguments)
                print(json.dumps({"layers": layers, **line}), flush=True)
                lines.setdefault(quantise, []).append(line)
    for quantise, (few, more) in lines.items():
        step = SAMPLED_LAYERS[1] - SAMPLED_LAYERS[0]
        keys = ("weights_gib", "load_s", "first_token_ms", "ms_per_token")
        whole = {key: round(few[key] + (LAYERS - SAMPLED_LAYERS[0]) * (more[key] - few[key]) / step, 2) for key in keys}
        print(json.dumps({"layers": LAYERS, "extrapolated": True, "quantise": quantise, **whole}))


def in_a_process_of_its_own(folder: Path, quantise: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what a fresh process measures, so that its peak of memory is its own."""
    options = ["--tokens", str(arguments.tokens), "--rounds", str(arguments.rounds), "--precision", arguments.precision]
    options += ["--threads", str(arguments.threads)]
    command = [sys.executable, "-P", __file__, str(folder), "--measure", quantise, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what one model costs in this process."""
    from vouch.generation.models.loading import LoadOptions, load_model
    from vouch.generation.models.transformers_chat import TransformersChat

    before = peak_gib()
    started = time.perf_counter()
    options = LoadOptions("auto", arguments.precision, arguments.measure, arguments.threads)
    loaded = load_model(arguments.folder, options)
    load = time.perf_counter() - started
    chat = TransformersChat(loaded)
    one_round(chat, 4)
    rounds = [one_round(chat, arguments.tokens) for _ in range(arguments.rounds)]
    ours, theirs = [entry.ours for entry in rounds], [entry.plain for entry in rounds]
    return {
        "quantise": arguments.measure,
        "dtype": str(loaded.model.dtype).removeprefix("torch."),
        "weights_gib": round(loaded.model.get_memory_footprint() / 2**30, 3),
        "peak_gib_over_start": round(peak_gib() - before, 3),
        "load_s": round(load, 2),
        "first_token_ms": round(1000 * statistics.median(entry.first for entry in rounds), 1),
        "ms_per_token": round(1000 * statistics.median(wall for wall, _ in ours), 2),
        "plain_ms_per_token": round(1000 * statistics.median(wall for wall, _ in theirs), 2),
        "overhead": excess([cpu for _, cpu in ours], [cpu for _, cpu in theirs]),
        "overhead_wall": excess([wall for wall, _ in ours], [wall for wall, _ in theirs]),
        "delivery_ms": round(delivery_ms(chat, arguments.tokens), 3),
    }


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds to the first token; of the clock and of the processor for each further one, ours and the plain loop's."""

    first: float
    ours: tuple[float, float]
    plain: tuple[float, float]


def one_round(chat: Any, tokens: int) -> Round:
    """Return what one reply takes in our loop, and in transformers' own."""
    prompt = prompt_ids(chat)
    start = clocks()
    ours = list(token_times(chat, prompt, tokens))
    one, all_ = plain_seconds(chat, prompt, 1), plain_seconds(chat, prompt, tokens)
    return Round(
        ours[0][0] - start[0],
        ((ours[-1][0] - ours[0][0]) / (tokens - 1), (ours[-1][1] - ours[0][1]) / (tokens - 1)),
        ((all_[0] - one[0]) / (tokens - 1), (all_[1] - one[1]) / (tokens - 1)),
    )


def plain_seconds(chat: Any, prompt: list[int], tokens: int) -> tuple[float, float]:
    """Return how long `generate` takes, greedy and without a stop."""
    import torch

    ids = torch.tensor([prompt], device=chat._loaded.model.device)
    wall, cpu = clocks()
    with torch.inference_mode():
        chat._loaded.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False
        )
    now = clocks()
    return now[0] - wall, now[1] - cpu


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def excess(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(ours) / statistics.median(theirs) - 1, 4)


def prompt_ids(chat: Any) -> list[int]:
    from vouch.generation.chat import ChatRequest, Message

    ids: list[int] = chat.prompt_ids(ChatRequest((Message("user", PROMPT),)))
    return ids


def token_times(chat: Any, prompt: list[int], tokens: int) -> Iterator[tuple[float, float]]:
    """Yield both clocks after each token of our loop, its text made and stop tokens ignored (the model is random)."""
    from vouch.generation.chat import ChatRequest, Message, Sampling
    from vouch.generation.models.reply import ReplyInProgress

    chat._continuation._kept = None
    asked = ChatRequest((Message("user", PROMPT),), sampling=Sampling(max_tokens=tokens))
    reply = ReplyInProgress(chat._vocabulary, chat._form.reader(()), asked.sampling)
    choose = chat._chooser(asked, prompt)
    for number, token in enumerate(chat._continuation.tokens(prompt, choose, "", lambda: False), start=1):
        reply.add(token)
        yield clocks()
        if number == tokens:
            return


def delivery_ms(chat: Any, tokens: int) -> float:
    """Return the longest time between the model's giving a token and its text's being out, in milliseconds."""
    from vouch.generation.chat import ChatRequest, Message, Sampling
    from vouch.generation.models.reply import ReplyInProgress

    asked = ChatRequest((Message("user", PROMPT),), sampling=Sampling(max_tokens=tokens))
    reply = ReplyInProgress(chat._vocabulary, chat._form.reader(()), asked.sampling)
    prompt = prompt_ids(chat)
    choose = chat._chooser(asked, prompt)
    given = [0.0]

    def timed(logits: Any) -> int:
        given[0] = time.perf_counter()
        return int(choose(logits))

    longest = 0.0
    for number, token in enumerate(chat._continuation.tokens(prompt, timed, "", lambda: False), start=1):
        reply.add(token)
        longest = max(longest, time.perf_counter() - given[0])
        if number == tokens:
            break
    return 1000 * longest


def peak_gib() -> float:
    """Return the most memory that this process had; getrusage would tell the parent's peak where that was higher."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 2**20


def write_checkpoint(folder: Path, layers: int) -> None:
    """Write a ChatGLM3 checkpoint in the original layout, random, a file for each layer."""
    import torch
    from safetensors.torch import save_file

    write_pieces(folder / "tokenizer.model")
    hidden, ffn = WIDTH["hidden_size"], WIDTH["ffn_hidden_size"]
    shapes = {
        "self_attention.query_key_value.weight": (hidden + 4 * WIDTH["kv_channels"], hidden),
        "self_attention.query_key_value.bias": (hidden + 4 * WIDTH["kv_channels"],),
        "self_attention.dense.weight": (hidden, hidden),
        "mlp.dense_h_to_4h.weight": (2 * ffn, hidden),
        "mlp.dense_4h_to_h.weight": (hidden, ffn),
        "input_layernorm.weight": (hidden,),
        "post_attention_layernorm.weight": (hidden,),
    }
    parts = {
        "ends": {
            "transformer.embedding.word_embeddings.weight": (VOCABULARY, hidden),
            "transformer.output_layer.weight": (VOCABULARY, hidden),
            "transformer.encoder.final_layernorm.weight": (hidden,),
        }
    }
    for layer in range(layers):
        before = f"transformer.encoder.layers.{layer}."
        parts[f"layer-{layer}"] = {before + name: shape for name, shape in shapes.items()}
    listed = {name: f"{part}.safetensors" for part, names in parts.items() for name in names}
    for part, names in parts.items():
        tensors = {name: (torch.randn(shape) * 0.02).to(torch.float16) for name, shape in names.items()}
        save_file(tensors, folder / f"{part}.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": listed}), encoding="utf-8")
    fixed = {"rmsnorm": True, "post_layer_norm": True, "add_qkv_bias": True, "layernorm_epsilon": 1e-5}
    config = {
        "model_type": "chatglm",
        **WIDTH,
        **fixed,
        "multi_query_attention": True,
        "multi_query_group_num": 2,
        "num_layers": layers,
        "padded_vocab_size": VOCABULARY,
        "seq_length": 8192,
        "torch_dtype": "float16",
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def write_pieces(file: Path) -> None:
    import io

    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([PROMPT] * 4),
        model_writer=written,
        vocab_size=320,
        model_type="bpe",
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=3,
    )
    file.write_bytes(written.getvalue())


if __name__ == "__main__":
    main()
