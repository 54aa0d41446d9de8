"""Patches Keras the moment the script has imported it, so that whatever the script sets before (a backend, a seed) counts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kerlint.dynamic import loops
from kerlint.dynamic.protocol import Loaded
from kerlint.dynamic.reporting import Reporter

if TYPE_CHECKING:
    from kerlint.dynamic.training import Training

KERAS = ("keras", "tf_keras")
DATASETS = ("mnist", "fashion_mnist", "cifar10", "cifar100", "imdb", "reuters", "boston_housing", "california_housing")
APPLICATIONS = tuple(f"{keras}.src.applications." for keras in KERAS)
FUNCTIONS = "tensorflow.python.eager.polymorphic_function.polymorphic_function"
"""The module of what `tf.function` makes."""


class Hooks:
    """What was put into Keras."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.trainings: list[Training] = []
        self._patches: dict[str, Callable[[ModuleType], None]] = {
            FUNCTIONS: self._patch_functions,
            **dict.fromkeys(KERAS, self._patch_keras),
            **{f"{keras}.src.datasets.{name}": self._patch_dataset for keras in KERAS for name in DATASETS},
        }

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module that is patched once it has been executed; None for all others."""
        patch = self._patch_application if name.startswith(APPLICATIONS) else self._patches.get(name)
        spec = PathFinder.find_spec(name, path, target) if patch else None
        if patch is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            patch(module)

        spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec

    def finish(self) -> None:
        """Look at the models that were compiled and never trained."""
        for training in self.trainings:
            training.finish()

    def _patch_keras(self, module: ModuleType) -> None:
        from kerlint.dynamic.tapes import Tapes
        from kerlint.dynamic.training import Training

        training = Training(self.reporter, module)
        self.trainings.append(training)
        training.patch()
        Tapes(training).patch()
        self.reporter.send(Loaded(module.__name__, str(getattr(module, "__version__", "")), training.backend))

    def _patch_dataset(self, module: ModuleType) -> None:
        from kerlint.dynamic import datasets

        datasets.patch(module, self.reporter)

    def _patch_application(self, module: ModuleType) -> None:
        from kerlint.dynamic import weights

        weights.patch(module, self.reporter)

    def _patch_functions(self, module: Any) -> None:
        from kerlint.dynamic.tapes import patch_functions

        patch_functions(module.Function)


def install(reporter: Reporter) -> Hooks:
    """Be there when Keras is imported."""
    hooks = Hooks(reporter)
    loops.install(reporter.order.folder)
    sys.meta_path.insert(0, hooks)
    return hooks
