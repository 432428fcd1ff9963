"""`lrreport bench` with JAX and PyTorch as further contestants.

python3 -m venv .venv-peers && .venv-peers/bin/pip install -r benchmarks/requirements.txt
.venv/bin/python benchmarks/with_peers.py --python .venv-peers/bin/python [--rounds N] [--json]
"""

import argparse
import json
import os
import sys
from pathlib import Path

import platformdirs

from lrreport.bench import Contestant, format_bench, own_contestants, run_bench
from lrreport.datasets import load_dataset

PEERS = {"jax": "JAX, vmap + scan, the source's 22 runs", "torch": "PyTorch, a hand-written loop, 1 run"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", required=True, help="a Python that has what benchmarks/requirements.txt lists")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cache = Path(os.environ.get("LRREPORT_CACHE") or platformdirs.user_cache_dir("lrreport"))
    load_dataset("mnist", cache_dir=cache, report=lambda _: None)
    here, data = Path(__file__).parent, cache / "data" / "mnist.npz"
    peers = [
        Contestant(name, text, (options.python, str(here / f"peer_{name}.py"), str(data)))
        for name, text in PEERS.items()
    ]
    result = run_bench(
        [*own_contestants(cache, None), *peers],
        options.rounds,
        cache,
        None,
        lambda message: print(message.text, file=sys.stderr),
    )
    print(json.dumps(result.document(), indent=1) if options.json else format_bench(result))


if __name__ == "__main__":
    main()
