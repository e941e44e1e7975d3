"""A process is killed while it writes the indexes; whoever comes next finds what a product of matrices finds."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vouch.retrieval.vectors.faiss_index import FaissIndex

DIMENSION = 16
BATCH = 50
EXACT_UP_TO = 400
"""Small, so that codes are made and made again while the child runs."""

CHILD = f"""
import sys
from pathlib import Path
import numpy as np
from vouch.retrieval.vectors.faiss_index import FaissIndex

stored = np.load(sys.argv[1])
index = FaissIndex(Path(sys.argv[2]), {DIMENSION}, exact_up_to={EXACT_UP_TO})
done = int(index.position or 0)
print("ready", flush=True)
while True:
    first = done * {BATCH} % len(stored)
    # Each round replaces what an earlier one has put under these numbers; some go for good and come back.
    index.remove(range(first, first + {BATCH}, 7))
    index.add(range(first, first + {BATCH}), stored[first : first + {BATCH}])
    done += 1
    index.commit(str(done))
"""


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    made = np.random.default_rng(5).normal(size=(3000, DIMENSION))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    np.save(tmp_path / "stored.npy", made.astype(np.float16).astype(np.float32))
    return tmp_path / "stored.npy"


def kill_while_writing(stored: Path, folder: Path, seconds: float) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(stored), str(folder)], stdout=subprocess.PIPE)
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    child.kill()
    child.wait()
    child.stdout.close()


def assert_finds_what_comparing_finds(stored: Path, folder: Path) -> int:
    """Return how many rounds the reopened index holds."""
    vectors = np.load(stored)
    index = FaissIndex(folder, DIMENSION, exact_up_to=EXACT_UP_TO)
    rounds = int(index.position or 0)
    present = vectors[: min(len(vectors), rounds * BATCH)]
    for query in np.random.default_rng(6).normal(size=(10, DIMENSION)).astype(np.float32):
        products = present @ query
        # So many are asked for that all are compared, those with codes too: one missing, stale or doubled would show.
        found = index.search(query[None], len(vectors))
        missing = {*range(len(present))} - {seq for seq, _ in found}
        # FAISS's scan leaves out what its codes take for the farthest of all, killed or not.
        assert missing <= {*np.argsort(products)[: len(present) // 10].tolist()}
        assert len(found) == len(present) - len(missing) >= len(present) - 1
        assert [score for _, score in found] == pytest.approx([products[seq] for seq, _ in found], abs=1e-5)
        narrow = [seq for seq in range(0, len(vectors), 9) if seq < len(present)]
        wanted = sorted(narrow, key=lambda seq: -products[seq])[:10]
        assert [seq for seq, _ in index.search(query[None], 10, narrow)] == wanted
        nearest = {seq for seq, _ in index.search(query[None], 10)}
        assert len(nearest & {*np.argsort(-products)[:10].tolist()}) >= min(8, len(present))
    return rounds


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_an_index_whose_writer_was_killed_finds_what_comparing_finds(stored: Path, tmp_path: Path, kills: int) -> None:
    moments = random.Random(kills)
    rounds = 0
    for _ in range(kills):
        kill_while_writing(stored, tmp_path / "index", moments.uniform(0.02, 0.5))
        reached = assert_finds_what_comparing_finds(stored, tmp_path / "index")
        assert reached >= rounds, "what was committed stays"
        rounds = reached
    assert rounds > 0
