"""An autoencoder with a layer of its own, as it was written between Keras 1 and Keras 2 with `tf.keras`."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras import layers
from tensorflow.keras.layers.experimental.preprocessing import Rescaling
from tensorflow.keras.losses import mean_squared_error

photos = np.random.randint(0, 256, (16, 8, 8, 1)).astype("float32")


class Scale(layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight("factor", shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.factor


model = tf.keras.Sequential(
    [
        Rescaling(1.0 / 255, input_shape=(8, 8, 1)),
        layers.Conv2D(4, 3, padding="same", activation="ReLU", name="encoder/conv"),
        layers.experimental.SyncBatchNormalization(fused=None),
        layers.LeakyReLU(alpha=0.2),
        Scale(),
        layers.experimental.preprocessing.RandomFlip("horizontal"),
        layers.Conv2D(1, 3, padding="same"),
    ]
)


class Halving(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        rate = K.get_value(self.model.optimizer.lr)
        K.set_value(self.model.optimizer.lr, rate / 2)


def loss(labels, scores):
    return mean_squared_error(labels, scores)


optimizer = tf.keras.optimizers.legacy.Adam(lr=0.01)
model.compile(optimizer=optimizer, loss=loss, metrics=["mae", "kullback_leibler_divergence"])
history = model.fit(photos, photos / 255.0, epochs=1, batch_size=8, callbacks=[Halving()], workers=1, verbose=0)
print(model.layers[1].output_shape)
assert abs(float(model.optimizer.learning_rate) - 0.005) < 1e-6
assert history.history["loss"][0] > 0
