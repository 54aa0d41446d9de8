"""All datasets of Keras, none at hand: their stand-ins have the true shape, dtype, range and number of rows."""

import numpy as np
from keras import datasets
from keras.datasets import imdb, mnist

for name, shape in (("mnist", (28, 28)), ("fashion_mnist", (28, 28)), ("cifar10", (32, 32, 3)), ("cifar100", (32, 32, 3))):
    (x_train, y_train), (x_test, y_test) = getattr(datasets, name).load_data()
    rows = 60000 if "mnist" in name else 50000
    assert x_train.shape == (rows, *shape) and x_test.shape == (10000, *shape), name
    assert x_train.dtype == x_test.dtype == np.uint8 and x_train.min() == 0 and x_train.max() == 255, name
    assert y_train.shape == ((rows,) if "mnist" in name else (rows, 1)), name
    assert set(np.unique(y_train)) == set(range(100 if name == "cifar100" else 10)), name
    assert x_train[:500].std(axis=0).min() > 0, name  # a script may divide by it
    assert y_train.dtype == (np.int64 if name == "cifar100" else np.uint8), name
assert mnist.load_data is datasets.mnist.load_data
assert len(np.unique(datasets.cifar100.load_data(label_mode="coarse")[0][1])) == 20

(x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=10000)
assert len(x_train) == len(x_test) == 25000 and x_train.dtype == object and isinstance(x_train[0], list)
assert all(text[0] == 1 for text in x_train) and max(map(max, x_train)) == 9999 and min(map(min, x_train)) == 1
assert set(y_train) == {0, 1}
assert max(map(len, imdb.load_data(num_words=500, maxlen=80)[0][0])) <= 80
assert len(imdb.get_word_index()) == 88584

(x_train, y_train), (x_test, y_test) = datasets.reuters.load_data()
assert (len(x_train), len(x_test)) == (8982, 2246) and set(y_train) == set(range(46))
assert max(map(max, x_train)) > 10000

(x_train, y_train), (x_test, y_test) = datasets.boston_housing.load_data()
assert x_train.shape == (404, 13) and x_test.shape == (102, 13) and y_train.shape == (404,) and y_train.max() <= 50
(x_train, y_train), _ = datasets.california_housing.load_data(version="large")
assert x_train.shape == (16512, 8) and x_train.dtype == np.float32 and y_train.max() <= 500001
try:
    datasets.cifar100.load_data(label_mode="medium")
except ValueError:
    print("a wrong argument stays wrong")
