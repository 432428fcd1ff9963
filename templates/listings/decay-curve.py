"""Draw how fast four values of decay bring the learning rate down."""

import matplotlib.pyplot as plt
import numpy as np

RATE = 0.01
DECAYS = [0.1, 0.01, 0.001, 0.0001]

update = np.arange(200)
figure, panel = plt.subplots()
for decay in DECAYS:
    panel.plot(update, RATE / (1 + decay * update), label=f"decay {decay:g}")
panel.set_xlabel("Update")
panel.set_ylabel("Learning rate")
panel.legend()
figure.savefig("decay-curve.png")
