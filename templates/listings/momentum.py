"""Train with four values of momentum, and draw the accuracy of each."""

import keras
import matplotlib.pyplot as plt

EPOCHS = 50
MOMENTA = [0.0, 0.5, 0.9, 0.99]

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255.0
x_test = x_test.reshape(-1, 784) / 255.0
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)


def run(momentum):
    keras.utils.set_random_seed(1)  # the same start for every setting
    model = keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(50, "relu", kernel_initializer="he_uniform"),
        keras.layers.Dense(10, "softmax"),
    ])
    optimizer = keras.optimizers.SGD(0.01, momentum=momentum)
    model.compile(optimizer, metrics=["accuracy"],
                  loss="categorical_crossentropy")
    return model.fit(x_train, y_train, epochs=EPOCHS,
                     validation_data=(x_test, y_test)).history


epochs = range(1, EPOCHS + 1)
figure, panels = plt.subplots(2, 2, figsize=(8, 6), sharey=True,
                              layout="constrained")
for panel, momentum in zip(panels.flat, MOMENTA):
    history = run(momentum)
    panel.plot(epochs, history["accuracy"], label="train")
    panel.plot(epochs, history["val_accuracy"], label="test")
    panel.set_title(f"momentum {momentum:g}")
    panel.legend()
figure.supxlabel("Epoch")
figure.supylabel("Accuracy")
figure.savefig("momentum.png")
