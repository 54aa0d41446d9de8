"""The places of a model object in which its state is kept, for built models and for instances of the user's subclasses alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics.values import Instance, Value, text

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter

LAYERS = "keras:layers"
"""The list of layers of a sequential model."""
INPUTS = "keras:inputs"
OUTPUTS = "keras:outputs"
"""The ends of a functional model's graph."""
COMPILED = "keras:compiled"
"""The Compile in force."""
PRETRAINED = "keras:pretrained"
SHAPE = "keras:shape"
"""What `build(input_shape)` was given."""
HANDED = "keras:handed"
"""Code that is not known got hold of the model."""
CALLED = "keras:called"
"""The tensor of a layer's last call in a graph."""
FED = "keras:fed"
"""The data that a model was last called on."""
TRAINABLE = "trainable"


def name_of(run: Interpreter, model: Value) -> str:
    """The name a model goes by: the variable it was first bound to, the name it was given, or its class."""
    fields = getattr(model, "fields", {})
    given = text(fields.get("name"))
    if given or id(model) in run.names:
        return run.names.get(id(model)) or given or ""
    return model.cls.name if isinstance(model, Instance) else ""
