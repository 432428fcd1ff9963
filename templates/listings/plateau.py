"""Cut the rate when the test loss stops falling; start at rate 0.01."""

import keras
import matplotlib.pyplot as plt

EPOCHS = 50
RATE = 0.01
PATIENCES = [2, 5, 10, 15]

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255.0
x_test = x_test.reshape(-1, 784) / 255.0
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)


def run(patience):
    keras.utils.set_random_seed(1)  # the same start for every setting
    model = keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(50, "relu", kernel_initializer="he_uniform"),
        keras.layers.Dense(10, "softmax"),
    ])
    model.compile(keras.optimizers.SGD(RATE), metrics=["accuracy"],
                  loss="categorical_crossentropy")
    cut = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss", factor=0.1, patience=patience, min_delta=1e-7)
    return model.fit(x_train, y_train, epochs=EPOCHS, callbacks=[cut],
                     validation_data=(x_test, y_test)).history


epochs = range(1, EPOCHS + 1)
figure, panels = plt.subplots(3, 4, figsize=(12, 8), sharey="row",
                              layout="constrained")
for (top, middle, bottom), patience in zip(panels.T, PATIENCES):
    history = run(patience)
    top.plot(epochs, history["learning_rate"], label="learning rate")
    middle.plot(epochs, history["loss"], label="train loss")
    middle.plot(epochs, history["val_loss"], label="test loss")
    bottom.plot(epochs, history["accuracy"], label="train accuracy")
    bottom.plot(epochs, history["val_accuracy"], label="test accuracy")
    top.set_title(f"patience {patience}")
    for panel in (top, middle, bottom):
        panel.legend()
figure.supxlabel("Epoch")
figure.savefig("plateau.png")
