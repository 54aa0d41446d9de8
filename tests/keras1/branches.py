"""A functional model with merged branches, a loss of its own and callbacks, as it was written for Keras 1."""

import os
import tempfile

import keras.backend as K
import numpy as np
from keras import objectives
from keras.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint
from keras.engine import Input, Model
from keras.layers import Convolution1D, GlobalMaxPooling1D, merge
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.convolutional import ZeroPadding1D
from keras.layers.core import Dense
from keras.models import load_model
from keras.optimizers import RMSprop

x = np.random.rand(24, 20, 3)
y = x.mean(axis=(1, 2)).reshape(-1, 1)
extra = np.random.rand(24, 5)


def soft(labels, scores):
    return K.mean(K.square(scores - labels), axis=-1) + 0.1 * objectives.mean_absolute_error(labels, scores)


signal = Input(shape=(20, 3), name="signal")
h = ZeroPadding1D(1)(signal)
h = Convolution1D(nb_filter=4, filter_length=3, border_mode="valid", subsample_length=1, init="glorot_uniform")(h)
h = LeakyReLU(alpha=0.1)(h)
left = GlobalMaxPooling1D()(h)
facts = Input(shape=(5), name="facts")
right = Dense(4, activation="tanh", W_regularizer="l2")(facts)
both = merge([left, right], mode="concat", concat_axis=-1)
total = merge([Dense(3)(both), Dense(3)(both)], mode="sum")
model = Model(input=[signal, facts], output=Dense(1)(total))
model.compile(loss=soft, optimizer=RMSprop(lr=0.01))

os.chdir(tempfile.mkdtemp())
callbacks = [
    EarlyStopping(monitor="val_loss", patience=2),
    ModelCheckpoint("best.hdf5", monitor="val_loss", save_best_only=True),
    LearningRateScheduler(lambda epoch: 0.01 / (1 + epoch)),
]
model.fit([x, extra], y, nb_epoch=1, batch_size=8, verbose=0, validation_split=0.25, callbacks=callbacks)
print(K.get_value(model.optimizer.lr))
K.set_value(model.optimizer.lr, 0.001)
model.save_weights("branches.h5")
model.load_weights("branches.h5")
model.save("branches")
again = load_model("branches", custom_objects={"soft": soft})
assert np.allclose(model.predict([x, extra], verbose=0), again.predict([x, extra], verbose=0), atol=1e-5)
