"""Digits, with a model class, a data pipeline and early stopping: nothing to report."""

import argparse

import tensorflow as tf
from tensorflow import keras


class Classifier(keras.Model):
    def __init__(self, classes, rate=0.3):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(128, activation="relu")
        self.dropout = keras.layers.Dropout(rate)
        self.head = keras.layers.Dense(classes)

    def call(self, inputs, training=False):
        x = self.hidden(self.flatten(inputs))
        return self.head(self.dropout(x, training=training))


def scaled(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


def pipeline(images, labels, batch):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    return data.map(scaled).shuffle(10_000).batch(batch).prefetch(tf.data.AUTOTUNE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=128)
    args = parser.parse_args()

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    model = Classifier(classes=10)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(
        pipeline(x_train, y_train, args.batch),
        epochs=args.epochs,
        validation_data=pipeline(x_test, y_test, args.batch),
        callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)],
    )


if __name__ == "__main__":
    main()
