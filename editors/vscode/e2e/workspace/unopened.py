from keras import Input, Sequential, layers

model = Sequential([Input((20,)), layers.Dense(32, activation="relu"), layers.Dense(1, activation="softmax")])
model.compile(optimizer="adam", loss="binary_crossentropy")
