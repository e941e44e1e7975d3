"""The table of rarities is made of counts that can be checked by hand."""

import json
import math
from pathlib import Path

import numpy as np

from vouch.retrieval.embedders.hashing import RAREST, RARITY_SCALE, buckets, feature_hashes
from vouch.retrieval.embedders.train_idf import main


def rarity(table: np.ndarray, feature: str) -> float:
    places = buckets(feature_hashes([feature]), (table.shape[0], table.shape[1]))
    return max(float(row[place[0]]) for row, place in zip(table, places, strict=True)) / RARITY_SCALE


def test_a_feature_is_as_rare_as_the_share_of_texts_that_hold_it(tmp_path: Path) -> None:
    pairs = [("血糖", "监测血糖"), ("血糖 血糖", "胰岛素")]
    lines = [json.dumps({"query": query, "positive": positive}) for query, positive in pairs]
    (tmp_path / "zh.jsonl").write_text("\n".join(lines), "utf-8")
    main([str(tmp_path / "table.npy"), str(tmp_path / "zh.jsonl")])
    table = np.load(tmp_path / "table.npy", allow_pickle=False)
    step = 0.5 / RARITY_SCALE
    assert abs(rarity(table, "血糖") - math.log(4 / 3)) <= step
    assert abs(rarity(table, "胰岛素") - math.log(4)) <= step
    assert abs(rarity(table, "高血压") - RAREST) <= step
