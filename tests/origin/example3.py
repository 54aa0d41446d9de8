import tensorflow as tf
import numpy as np

X = np.random.rand(100, 10)
y = np.random.rand(100, 1)

# Model without regularization
model_no_reg = tf.keras.Sequential([
  tf.keras.layers.Dense(100, activation='relu', input_shape=(10,)),
  tf.keras.layers.Dense(1)
])
model_no_reg.compile(optimizer='adam', loss='mse')
model_no_reg.fit(X, y, epochs=10)

# Model with L2 regularization
model_l2 = tf.keras.Sequential([
  tf.keras.layers.Dense(100, activation='relu', kernel_regularizer=tf.keras.regularizers.l2(0.01), input_shape=(10,)),
  tf.keras.layers.Dense(1)
])
model_l2.compile(optimizer='adam', loss='mse')
model_l2.fit(X, y, epochs=10)
