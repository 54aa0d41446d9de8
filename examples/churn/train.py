"""Which customers will leave: a table, a scaler, and a model from another file, in which the fault is."""

import keras
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from models import customer_model

table = pd.read_csv("customers.csv")
columns = ["age", "balance", "products", "months"]
x_train, x_test, y_train, y_test = train_test_split(table[columns].values, table["left"].values, test_size=0.2)

scaler = StandardScaler()
x_train = scaler.fit_transform(x_train)
x_test = scaler.transform(x_test)

model = customer_model(features=len(columns))
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=50, batch_size=32, validation_data=(x_test, y_test))
