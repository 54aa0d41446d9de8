"""A convolutional network as it was written for Keras 1."""

import numpy as np
from keras import backend as K
from keras.layers import Activation, Convolution2D, MaxPooling2D
from keras.layers.core import Dense, Dropout, Flatten
from keras.layers.normalization import BatchNormalization
from keras.models import Sequential
from keras.optimizers import SGD
from keras.regularizers import l2
from keras.utils import np_utils

batch_size = 8
nb_classes = 4
nb_epoch = 1

K.set_image_dim_ordering("tf")
np.random.seed(1337)
X_train = np.random.rand(16, 12, 12, 1).astype("float32")
y_train = np.random.randint(0, nb_classes, 16)
Y_train = np_utils.to_categorical(y_train, nb_classes)

model = Sequential()
model.add(Convolution2D(8, 3, 3, border_mode="same", init="he_normal", subsample=(2, 2), input_shape=(12, 12, 1), W_regularizer=l2(0.001)))
model.add(BatchNormalization(mode=0, axis=3))
model.add(Activation("relu"))
model.add(Convolution2D(8, nb_row=3, nb_col=3, border_mode="same", dim_ordering="tf"))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode="valid"))
model.add(Dropout(p=0.25))
model.add(Flatten())
model.add(Dense(output_dim=16, init="uniform", activation="relu", bias=True))
model.add(Dense(nb_classes))
model.add(Activation("softmax"))

sgd = SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epoch, verbose=0, validation_split=0.25)
score = model.evaluate(X_train, Y_train, verbose=0)
classes = model.predict_classes(X_train, batch_size=batch_size)
proba = model.predict_proba(X_train, batch_size=batch_size)
assert classes.shape == (16,)
assert proba.shape == (16, nb_classes)
print("Test score:", score[0])
