"""A generative adversarial network with Keras' old names, trained batch by batch."""

import keras.backend as K
import numpy as np
from keras.layers import Convolution2D, Dense, Flatten, Input, Reshape, UpSampling2D, merge
from keras.layers.advanced_activations import ELU, LeakyReLU
from keras.layers.core import Activation, Dropout, Lambda
from keras.models import Model, Sequential
from keras.optimizers import Adam
from keras.utils.generic_utils import Progbar


class Gan(object):
    def __init__(self, noise=8, lr=0.0002, lr_decay=1e-6):
        self.noise = noise
        optimizer = Adam(lr, beta_1=0.5, decay=lr_decay)
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        self.generator = self.build_generator()
        z = Input(shape=(noise,))
        image = self.generator(z)
        self.discriminator.trainable = False
        self.combined = Model(input=z, output=self.discriminator(image))
        self.combined.compile(loss="binary_crossentropy", optimizer=Adam(lr=lr, beta_1=0.5))

    def build_generator(self):
        model = Sequential()
        model.add(Dense(4 * 4 * 4, input_dim=self.noise, init="glorot_normal"))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Reshape((4, 4, 4)))
        model.add(UpSampling2D(size=(2, 2)))
        model.add(Convolution2D(1, 3, 3, border_mode="same"))
        model.add(Activation("tanh"))
        noise = Input(shape=(self.noise,))
        return Model(input=noise, output=model(noise))

    def build_discriminator(self):
        image = Input(shape=(8, 8, 1))
        x = Convolution2D(4, 3, 3, subsample=(2, 2), border_mode="same")(image)
        x = ELU(alpha=0.9)(x)
        x = Dropout(p=0.1)(x)
        x = merge([x, Lambda(lambda t: K.abs(t))(x)], mode="mul")
        return Model(input=image, output=Dense(output_dim=1, activation="sigmoid", W_regularizer="l2")(Flatten()(x)))

    def train(self, nb_epoch=1, batch_size=4):
        bar = Progbar(nb_epoch)
        for epoch in range(nb_epoch):
            real = np.random.rand(batch_size, 8, 8, 1)
            fake = self.generator.predict(np.random.randn(batch_size, self.noise))
            self.discriminator.train_on_batch(real, np.ones((batch_size, 1)))
            self.discriminator.train_on_batch(fake, np.zeros((batch_size, 1)))
            loss = self.combined.train_on_batch(np.random.randn(batch_size, self.noise), np.ones((batch_size, 1)))
            bar.update(epoch + 1)
        return loss


if __name__ == "__main__":
    assert np.all(np.isfinite(Gan().train()))
