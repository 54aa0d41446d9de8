"""Custom loops: eager, in a tf.function; what stands behind them is reached."""

import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).normal(size=(640, 4)).astype("float32")
y = x[:, :1] * 2
dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
eager_steps, graph_steps = 0, 0

model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(8, activation="sigmoid"), tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.5)
for epoch in range(500):
    for inputs, targets in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(inputs, training=True) - targets) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        eager_steps += 1

other = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
adam = tf.keras.optimizers.Adam(1e-3)


@tf.function
def step(inputs, targets):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((other(inputs, training=True) - targets) ** 2)
    gradients = tape.gradient(loss, other.trainable_variables)
    adam.apply_gradients(zip(gradients, other.trainable_variables))
    return loss


running = True
while running:
    for inputs, targets in dataset:
        step(inputs, targets)
        graph_steps += 1

assert 20 <= eager_steps < 60 and 20 <= graph_steps < 60, (eager_steps, graph_steps)
print("after the loops")
