# [th] ฝึกโครงข่ายหนึ่งครั้งต่อหนึ่งค่า แล้ววาดทุกค่าไว้ในรูปเดียวกัน
# [en] One training for each value, and all of them in one figure.
import keras
import matplotlib.pyplot as plt

# [shown]
NAME = "decay"
DECAYS = [0.1, 0.01, 0.001, 0.0001]
# [end]
EPOCHS = 50

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
# [th] ย่อค่าพิกเซลจาก 0 ถึง 255 ให้เหลือ 0 ถึง 1 ไม่อย่างนั้นก้าวจะยาวเกินไปมาก
# [en] Pixels from 0 to 1: from 0 to 255 they would make steps far too long.
x_train = x_train.reshape(-1, 784) / 255
x_test = x_test.reshape(-1, 784) / 255


# [shown]
def run(decay):
# [end]
    # [th] ใส่ค่า seed แค่ที่ค่าน้ำหนักตั้งต้น ทุกครั้งจึงออกเดินจากที่เดียวกัน
    # [th] ถ้าใช้ keras.utils.set_random_seed ทุกรอบจะเห็นภาพในลำดับเดิม
    # [en] Only the starting weights have a seed: all set out from one spot.
    # [en] keras.utils.set_random_seed would show one order in every epoch.
    first = keras.initializers.HeUniform(seed=1)
    second = keras.initializers.GlorotUniform(seed=1)
    model = keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(50, "relu", kernel_initializer=first),
        keras.layers.Dense(10, "softmax", kernel_initializer=second),
    ])
    # [shown]
    # [th] decay_steps=1 คือลดอัตราทุกก้าว ไม่ใช่ทุกรอบ
    # [en] decay_steps=1: the rate falls with every step, not every epoch.
    rate = keras.optimizers.schedules.InverseTimeDecay(
        0.01, decay_steps=1, decay_rate=decay)
    optimizer = keras.optimizers.SGD(rate)
    # [end]
    model.compile(optimizer, "sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model.fit(x_train, y_train, epochs=EPOCHS,
                     validation_data=(x_test, y_test)).history


figure, (accuracy, loss) = plt.subplots(1, 2, figsize=(10, 4))
epochs = range(1, EPOCHS + 1)
# [shown]
for value in DECAYS:
    history = run(value)
# [end]
    # [th] val_ คือผลบนชุดทดสอบ ซึ่งไม่ได้ใช้ฝึกเลย
    # [en] val_ stands for the test images, which are never trained on.
    accuracy.plot(epochs, history["val_accuracy"], label=value)
    loss.plot(epochs, history["val_loss"], label=value)
accuracy.set(xlabel="Epoch", ylabel="Test accuracy")
loss.set(xlabel="Epoch", ylabel="Test loss")
accuracy.legend(title=NAME)
figure.savefig(f"{NAME}.png")
