"""One run of SGD in PyTorch, as a hand-written loop: tensors in memory, indexing instead of a DataLoader.

    python peer_torch.py MNIST.npz

Answers as `lrreport/contestants.py` describes.
"""

import json
import sys
import time

import numpy as np
import torch

BATCH = 32


def rounds(path):
    with np.load(path) as arrays:
        images, tests = (
            torch.from_numpy(arrays[name].reshape(-1, 784) / np.float32(255)) for name in ("x_train", "x_test")
        )
        labels, answers = (torch.from_numpy(arrays[name].astype(np.int64)) for name in ("y_train", "y_test"))
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(784, 50), torch.nn.ReLU(), torch.nn.Linear(50, 10))
    torch.nn.init.kaiming_uniform_(model[0].weight, nonlinearity="relu")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss_of = torch.nn.functional.cross_entropy
    while True:
        began = time.perf_counter()
        total, hits = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for rows in torch.randperm(len(labels)).split(BATCH):
            logits, wanted = model(images[rows]), labels[rows]
            loss = loss_of(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            hits += (logits.argmax(1) == wanted).sum()
        with torch.no_grad():
            logits = model(tests)
            float(loss_of(logits, answers)), float((logits.argmax(1) == answers).float().mean())
        yield time.perf_counter() - began


if __name__ == "__main__":
    times = rounds(sys.argv[1])
    next(times)
    print(json.dumps({"ready": "torch"}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"value": next(times), "memory_bytes": None}), flush=True)
