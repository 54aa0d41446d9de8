"""Photographs in ten classes: a script that runs to its end and learns nothing. `kerlint examples/cifar10_cnn.py` says why."""

from tensorflow import keras
from tensorflow.keras import layers

CLASSES = 10

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()


def build_model(filters=32):
    model = keras.Sequential([keras.Input(shape=(32, 32, 3))])
    for factor in (1, 2, 4):
        model.add(layers.Conv2D(filters * factor, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(CLASSES))
    return model


model = build_model()
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.5),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x_train, y_train, batch_size=64, epochs=20, validation_data=(x_test, y_test))
