import numpy as np
from tensorflow import keras

X = np.random.rand(100, 10)
y = X @ np.random.rand(10, 1)


def build():
    return keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1),
    ])


fast = build()
fast.compile(optimizer=keras.optimizers.Adam(learning_rate=1.0), loss="mse")
fast.fit(X, y, epochs=10, validation_split=0.2)

slow = build()
slow.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.00001),
    loss="mse",
)
slow.fit(X, y, epochs=10, validation_split=0.2)

one = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, activation="softmax")])
one.compile("adam", "mse")
print(open("targets.txt").read())
one.fit(X, y, epochs=500, validation_split=0.2)
