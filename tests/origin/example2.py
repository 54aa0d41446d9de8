import tensorflow as tf
import numpy as np

X = np.random.rand(100, 10)
y = np.random.rand(100, 1)

model = tf.keras.Sequential([
  tf.keras.layers.Dense(10, activation='relu', input_shape=(10,)),
  tf.keras.layers.Dense(1)
])

# High learning rate
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=1.0), loss='mse')
model.fit(X, y, epochs=10)

# Low learning rate
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.0001), loss='mse')
model.fit(X, y, epochs=10)
