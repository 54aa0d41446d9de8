"""The network of train.py."""

from keras import Model, layers
from keras.layers import Input


def customer_model(features, units=(32, 16)):
    inputs = Input(shape=(features,))
    x = inputs
    for width in units:
        x = layers.Dense(width, activation="relu")(x)
        x = layers.Dropout(0.2)(x)
    return Model(inputs, layers.Dense(1, activation="softmax")(x))
