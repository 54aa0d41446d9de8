"""Every kind of data and model that `fit` takes; the script checks itself what it gets back."""

import argparse
import os

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--name", required=True)
options = parser.parse_args()
assert options.epochs == 7 and options.name == "a b", options

rng = np.random.default_rng(0)
x = rng.normal(size=(1000, 8)).astype("float32")
y = (x[:, 0] > 0).astype("int32")


def small(units=2):
    return keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(units, activation="softmax")])


# Arrays, with callbacks that would act
model = small()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
slow = keras.callbacks.ReduceLROnPlateau(patience=1)
keep = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
history = model.fit(
    x, y, epochs=options.epochs, batch_size=64, validation_split=0.2, callbacks=[stop, slow, keep], class_weight={0: 1.0, 1: 2.0}
)
assert history.epoch == list(range(7)), history.epoch
assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} == set(history.history), history.history
assert all(len(values) == 7 for values in history.history.values())
assert history.params["epochs"] == 7
assert keras.models.load_model("best.keras").count_params() == model.count_params()
assert model.predict(x, verbose=0).shape == (1000, 2)
assert len(model.evaluate(x, y, verbose=0)) == 2
more = model.fit(x, y, epochs=9, initial_epoch=7, verbose=0)
assert more.epoch == [7, 8]

# A model that learns its input shape from the data, sample weights, a loss of its own, mixed precision
keras.mixed_precision.set_global_policy("mixed_float16")
free = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(1, dtype="float32")])
keras.mixed_precision.set_global_policy("float32")


def huber_like(y_true, y_pred):
    return tf.reduce_mean(tf.math.log(tf.cosh(tf.cast(y_true, tf.float32) - y_pred)), axis=-1)


free.compile(keras.optimizers.SGD(1e-2), loss=huber_like)
free.fit(x, x[:, :1], sample_weight=np.ones(1000), epochs=2, verbose=0)

# Several inputs and outputs, by name
left, right = keras.Input((8,), name="left"), keras.Input((3,), name="right")
joined = layers.Concatenate()([left, right])
both = keras.Model(
    [left, right],
    {"kind": layers.Dense(1, activation="sigmoid", name="kind")(joined), "size": layers.Dense(1, name="size")(joined)},
)
both.compile("adam", loss={"kind": "binary_crossentropy", "size": "mse"}, metrics={"size": ["mae"]})
result = both.fit(
    {"left": x, "right": x[:, :3]},
    {"kind": y.reshape(-1, 1), "size": x[:, :1]},
    epochs=2,
    verbose=0,
    validation_data=({"left": x[:50], "right": x[:50, :3]}, {"kind": y[:50].reshape(-1, 1), "size": x[:50, :1]}),
)
assert any("mae" in name for name in result.history) and "val_loss" in result.history, result.history
assert both.predict({"left": x, "right": x[:, :3]}, verbose=0)["size"].shape == (1000, 1)


# A subclass
class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu")
        self.head = layers.Dense(2)

    def call(self, inputs, training=False):
        return self.head(self.hidden(inputs))


own = Own()
own.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

# tf.data
dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(100).batch(50)
own.fit(dataset, epochs=3, validation_data=dataset.take(2), verbose=0)
own.fit(dataset.repeat(), epochs=3, steps_per_epoch=5, verbose=0)


# A generator
def batches():
    while True:
        rows = rng.integers(0, 1000, 32)
        yield x[rows], y[rows]


feed = small()
feed.compile("rmsprop", "sparse_categorical_crossentropy")
assert (
    len(feed.fit(batches(), steps_per_epoch=10, epochs=4, verbose=0, validation_data=batches(), validation_steps=3).history["val_loss"])
    == 4
)


# A PyDataset
class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 20

    def __getitem__(self, index):
        return x[index * 50 : index * 50 + 50], y[index * 50 : index * 50 + 50]


rows = small()
rows.compile("adam", "sparse_categorical_crossentropy")
rows.fit(Rows(), epochs=2, verbose=0)

# Folds: one fit in a loop, a model for each
scores = []
for fold in range(5):
    fresh = small()
    fresh.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fresh.fit(x[fold * 100 : fold * 100 + 500], y[fold * 100 : fold * 100 + 500], epochs=2, verbose=0)
    scores.append(fresh.evaluate(x, y, verbose=0)[1])
assert len(scores) == 5

# Batch by batch
batchwise = small()
batchwise.compile("adam", "sparse_categorical_crossentropy")
for epoch in range(1000):
    for step in range(1000):
        batchwise.train_on_batch(x[:32], y[:32])

os.makedirs("results", exist_ok=True)
with open("results/scores.txt", "w") as file:
    file.write(str(scores))
if __name__ == "__main__":
    print("reached the end", os.environ["MPLBACKEND"], os.environ["CUDA_VISIBLE_DEVICES"])
