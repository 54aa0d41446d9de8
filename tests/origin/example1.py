import tensorflow as tf
import numpy as np

# Unnormalized data
X_unnormalized = np.array([[1, 1000], [2, 2000], [3, 3000]])
y = np.array([1, 2, 3])

# Normalized data
X_normalized = (X_unnormalized - np.mean(X_unnormalized, axis=0)) / np.std(X_unnormalized, axis=0)


model = tf.keras.Sequential([
  tf.keras.layers.Dense(1, input_shape=(2,))
])

model.compile(optimizer='adam', loss='mse')

# Training with unnormalized data
model.fit(X_unnormalized, y, epochs=100)

# Training with normalized data
model.fit(X_normalized, y, epochs=100)
