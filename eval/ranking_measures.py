"""nDCG, recall, reciprocal rank and average precision of rankings, through ir-measures."""

from collections.abc import Mapping, Sequence

import ir_measures
from ir_measures import AP, RR, R, nDCG

from vouch.eval.beir import Relevant

_MEASURES = {nDCG @ 10: "ndcg@10", R @ 10: "recall@10", R @ 100: "recall@100", RR @ 10: "mrr@10", AP @ 100: "map@100"}
NAMES = tuple(_MEASURES.values())


def measured(relevant: Relevant, rankings: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Return query id -> measure -> value for rankings of corpus ids, best first.

    The order given is what counts: the tools underneath would order equal scores by id, so ranks are passed as scores.
    """
    run = {query: {text: float(-rank) for rank, text in enumerate(ranked)} for query, ranked in rankings.items()}
    values = {query: dict.fromkeys(NAMES, 0.0) for query in relevant}
    judged = {query: dict(texts) for query, texts in relevant.items()}
    for result in ir_measures.iter_calc(
        list(_MEASURES), judged, {query: texts for query, texts in run.items() if texts}
    ):
        values[result.query_id][_MEASURES[result.measure]] = float(result.value)
    return values
