"""`vouch eval texts`: what a model wrote against what it should have written."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vouch.app.wiring import text_scorer
from vouch.retrieval.errors import UsageError

TEXTS, REFERENCES = ("text", "prediction", "output"), ("references", "reference", "answers", "answer")
_HAN = re.compile(r"[\u3400-\u9fff]")


def evaluate_texts(file: Path) -> dict[str, Any]:
    """Return BLEU, ROUGE and, where every row carries the log-probabilities of its tokens, perplexity."""
    rows = [_row(file, number, line) for number, line in enumerate(_lines(file), start=1) if line.strip()]
    if not rows:
        raise UsageError(f"{file} holds no rows")
    texts, references = [text for text, _, _ in rows], [given for _, given, _ in rows]
    language = "zh" if sum(bool(_HAN.search(text)) for text in texts) * 2 > len(texts) else "en"
    scorer = text_scorer()
    scores = {"bleu": scorer.bleu(texts, references, language), **scorer.rouge(texts, references)}
    logprobs = [given for _, _, given in rows if given]
    if len(logprobs) == len(rows):
        scores["perplexity"] = scorer.perplexity(logprobs)
    return {"dataset": file.stem, "texts": len(rows), "language": language, **scores}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 (byte {error.start}): save it as UTF-8") from error


def _row(file: Path, number: int, line: str) -> tuple[str, list[str], list[float]]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{file}, line {number}: no JSON ({error})") from error
    row = row if isinstance(row, Mapping) else {}
    text = next((row[name] for name in TEXTS if isinstance(row.get(name), str)), None)
    said = next((row[name] for name in REFERENCES if row.get(name)), None)
    references = [said] if isinstance(said, str) else said
    if text is None or not isinstance(references, list) or not all(isinstance(entry, str) for entry in references):
        raise UsageError(f"{file}, line {number}: needs `text` and `references`, and may have `token_logprobs`")
    return text, references, [float(value) for value in row.get("token_logprobs") or ()]


def texts_text(metrics: Mapping[str, Any]) -> str:
    """Return the scores for people."""
    scores = (f"{name} {value:.4f}" for name, value in metrics.items() if isinstance(value, float))
    return f"{metrics['dataset']}: {metrics['texts']} texts\n  " + " · ".join(scores)
