"""A recurrent network fed by a generator, as it was written for Keras 1."""

import numpy as np
from keras.layers import LSTM, Activation, Dense, Embedding, TimeDistributed
from keras.layers.wrappers import Bidirectional
from keras.models import Sequential, model_from_json
from keras.optimizers import Adam
from keras.utils.np_utils import to_categorical

max_features, maxlen, batch_size = 50, 10, 8
X = np.random.randint(1, max_features, (32, maxlen))
Y = (X.sum(axis=1) > 250).astype("int32")


def batches(X, Y):
    while True:
        for i in range(0, len(X), batch_size):
            yield X[i : i + batch_size], Y[i : i + batch_size]


model = Sequential()
model.add(Embedding(max_features, 8, input_length=maxlen, dropout=0.2))
model.add(Bidirectional(LSTM(output_dim=8, return_sequences=True, inner_init="orthogonal", inner_activation="hard_sigmoid")))
model.add(TimeDistributed(Dense(4)))
model.add(LSTM(8, dropout_W=0.1, dropout_U=0.1, consume_less="gpu"))
model.add(Dense(1))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.001, decay=0.0), metrics=["accuracy"])
model.fit_generator(batches(X, Y), steps_per_epoch=4, nb_epoch=1, validation_data=(X, Y), max_q_size=2, nb_worker=1, pickle_safe=False)
scores = model.evaluate_generator(batches(X, Y), steps=2)
assert len(scores) == 2
flags = model.predict_classes(X)
assert set(np.unique(flags)) <= {0, 1}
copy = model_from_json(model.to_json())
assert to_categorical(flags, nb_classes=2).shape == (32, 2)
