"""Page recall of open questions: is the page where the section starts among the first pages that `vouch ask` reads?

    python benchmarks/page_recall.py --library LIBRARY --questions open_questions.jsonl

The questions name their report and gold pages as in the README of the finance data, those of FinanceBench their
evidence; all documents compete.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from vouch.app.settings import load_settings
from vouch.app.wiring_store import open_library
from vouch.generation.retrieve import Shelf, retrieve
from vouch.retrieval.question import understand
from vouch.retrieval.types import StoredDocument

CUTS = (1, 3, 5)
NOT_FOUND = 10_000


def rank_of_gold(shelf: Shelf, documents: Sequence[StoredDocument], item: dict[str, Any]) -> int:
    """Return the rank, from 1, of the first gold page among the distinct pages found."""
    question = understand(item["question"], documents)
    gold = gold_pages(item)
    hits = retrieve(shelf, question, question.scope)
    pages = dict.fromkeys((Path(hit.chunk.source.name).stem, hit.chunk.page) for hit in hits)
    return next((rank for rank, page in enumerate(pages, start=1) if page in gold), NOT_FOUND)


def gold_pages(item: dict[str, Any]) -> set[tuple[str, int]]:
    """Return document (its file's name without the ending) and page of each place that answers."""
    if "evidence" in item:
        return {(place["doc"], place["page"]) for place in item["evidence"]}
    return {(Path(item["report"]).stem, page) for page in (item["gold_page"], *item.get("gold_pages", ()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--questions", type=Path, required=True)
    arguments = parser.parse_args()
    items = [json.loads(line) for line in arguments.questions.read_text("utf-8").splitlines() if line.strip()]
    found: Counter[int] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    with open_library(load_settings({"library": arguments.library})) as library:
        documents = library.documents()
        started = perf_counter()
        for item in items:
            rank = rank_of_gold(library, documents, item)
            found.update(cut for cut in CUTS if rank <= cut)
            if rank > CUTS[-1]:
                missed[item.get("topic", "")].append(f"{item['id']} {item['question']}")
        seconds = perf_counter() - started
    recall = {f"page_recall@{cut}": round(found[cut] / len(items), 4) for cut in CUTS}
    print(json.dumps({"questions": len(items), **recall, "ms_per_question": round(1000 * seconds / len(items), 1)}))
    for topic, questions in sorted(missed.items(), key=lambda entry: -len(entry[1])):
        print(f"missed @{CUTS[-1]}: {topic} ({len(questions)})", *questions, sep="\n  ")


if __name__ == "__main__":
    main()
