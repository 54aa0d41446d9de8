"""Keras 1 to 2 to 3: what was removed or renamed (KER8). The rules that the table of the catalog alone tells share one check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import obsolete

if TYPE_CHECKING:
    from kerlint.finding import Finding
    from kerlint.rule import Rule
    from kerlint.semantics.program import Program


def _told(program: Program, rule: Rule) -> Iterator[Finding]:
    yield from obsolete.reported(program, rule)


lr_argument = _told
decay_argument = _told
legacy_optimizer = _told
experimental_optimizer = _told
optimizer_lr_attribute = _told
generator_methods = _told
predict_classes = _told
removed_fit_arguments = _told
savedmodel_format = _told
hdf5_model_file = _told
weights_filename = _told
checkpoint_arguments = _told
experimental_preprocessing = _told
legacy_data_utilities = _told
internal_layer_modules = _told
internal_utils_modules = _told
keras1_arguments = _told
input_shape_on_layer = _told
batch_input_shape = _told
integer_input_shape = _told
embedding_input_length = _told
leaky_relu_alpha = _told
removed_layer_arguments = _told
removed_layers = _told
backend_function = _told
loss_metric_alias = _told
loss_reduction_enum = _told
add_weight_positional_name = _told
tf_variable_attribute = _told
tf_op_on_keras_tensor = _told
removed_methods = _told
sklearn_wrappers = _told
estimators = _told
multi_gpu_model = _told
mixed_precision_experimental = _told
experimental_moved = _told
yaml_models = _told
tensorboard_arguments = _told
tf1_session = _told
layer_name_slash = _told
activation_class_as_string = _told
autograph_in_call = _told
nested_model_inputs = _told
jit_incompatible_op = _told
metrics_without_list = _told
