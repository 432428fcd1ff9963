"""The source's 22 runs in JAX: `vmap` over the runs of a family, `scan` over the minibatches, an epoch a call.

    python peer_jax.py MNIST.npz

Answers as `lrreport/contestants.py` describes. Each family (plain SGD with decay, momentum, adaptive) is one compiled
function, so that no run pays for a rule that it does not use; the adaptive rules are chosen by masks.
"""

import json
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

BATCH = 32
SGD = [(rate, 0.0) for rate in (1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)]
SGD += [(0.01, decay) for decay in (1e-1, 1e-2, 1e-3, 1e-4)]
SGD += [(0.01, 0.0)] * 4  # the plateau runs: the callback acts between epochs
MOMENTA = [0.5, 0.9, 0.99]
ADAPTIVE = 3  # RMSprop, AdaGrad, Adam
RUNS = len(SGD) + len(MOMENTA) + ADAPTIVE


def loss_of(weights, images, labels):
    (first, first_bias), (second, second_bias) = weights
    logits = jax.nn.relu(images @ first + first_bias) @ second + second_bias
    logs = jax.nn.log_softmax(logits)
    loss = -jnp.take_along_axis(logs, labels[:, None], 1).mean()
    return loss, (logits.argmax(1) == labels).mean()


def sgd(weights, slots, gradients, update, setting):
    rate = setting["rate"] / (1 + setting["decay"] * update)
    return jax.tree.map(lambda w, g: w - rate * g, weights, gradients), slots


def momentum(weights, slots, gradients, update, setting):
    slots = jax.tree.map(lambda v, g: setting["momentum"] * v - 0.01 * g, slots, gradients)
    return jax.tree.map(jnp.add, weights, slots), slots


def adaptive(weights, slots, gradients, update, setting):
    count = update + 1
    alpha = 0.001 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    kind = setting["kind"]
    first = jax.tree.map(lambda m, g: m + (g - m) * 0.1, slots[0], gradients)
    second = jax.tree.map(
        lambda a, g: jnp.where(
            kind == 2, a + (g * g - a) * 0.001, jnp.where(kind == 0, 0.9 * a + 0.1 * g * g, a + g * g)
        ),
        slots[1],
        gradients,
    )

    def step(w, g, m, a):
        return w - jnp.where(kind == 2, alpha * m / (jnp.sqrt(a) + 1e-7), 0.001 * g / jnp.sqrt(a + 1e-7))

    return jax.tree.map(step, weights, gradients, first, second), (first, second)


def epoch_of(rule):
    @partial(jax.jit, donate_argnums=(0, 1))
    def epoch(weights, slots, update, settings, train, test, order):
        def one_run(weights, slots, setting):
            def minibatch(state, rows):
                weights, slots, update = state
                images, labels = train[0][rows], train[1][rows]
                (loss, hits), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights, images, labels)
                weights, slots = rule(weights, slots, gradients, update, setting)
                return (weights, slots, update + 1), (loss, hits)

            (weights, slots, _), curve = jax.lax.scan(minibatch, (weights, slots, update), order)
            return weights, slots, jax.tree.map(jnp.mean, curve), loss_of(weights, *test)

        return jax.vmap(one_run)(weights, slots, settings)

    return epoch


def initial(runs):
    random = np.random.default_rng(1)
    limits = (np.sqrt(6 / 784), np.sqrt(6 / 60))
    kernels = [
        random.uniform(-limit, limit, shape).astype(np.float32)
        for limit, shape in zip(limits, ((784, 50), (50, 10)), strict=True)
    ]
    layers = [(kernel, np.zeros(kernel.shape[1], np.float32)) for kernel in kernels]
    return jax.tree.map(lambda array: jnp.stack([array] * runs), layers)


def rounds(path):
    with np.load(path) as arrays:
        train = (jnp.asarray(arrays["x_train"].reshape(-1, 784) / np.float32(255)), jnp.asarray(arrays["y_train"], int))
        test = (jnp.asarray(arrays["x_test"].reshape(-1, 784) / np.float32(255)), jnp.asarray(arrays["y_test"], int))
    zeros = partial(jax.tree.map, jnp.zeros_like)
    rate, decay = (jnp.asarray(column, jnp.float32) for column in zip(*SGD, strict=True))
    states = [
        [epoch_of(sgd), initial(len(SGD)), (), {"rate": rate, "decay": decay}],
        [epoch_of(momentum), initial(3), zeros(initial(3)), {"momentum": jnp.asarray(MOMENTA, jnp.float32)}],
        [epoch_of(adaptive), initial(3), (zeros(initial(3)), zeros(initial(3))), {"kind": jnp.arange(3)}],
    ]
    random, update = np.random.default_rng(1), 0.0
    size = len(train[1]) // BATCH * BATCH
    while True:
        order = jnp.asarray(random.permutation(len(train[1]))[:size].reshape(-1, BATCH))
        began = time.perf_counter()
        for state in states:
            epoch, weights, slots, settings = state
            state[1], state[2], curve, tested = epoch(weights, slots, update, settings, train, test, order)
            jax.block_until_ready((curve, tested))
        update += size / BATCH
        yield (time.perf_counter() - began) / RUNS


if __name__ == "__main__":
    times = rounds(sys.argv[1])
    next(times)
    print(json.dumps({"ready": "jax"}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"value": next(times), "memory_bytes": None}), flush=True)
