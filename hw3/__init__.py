"""The third homework of a deep-learning course as a small JAX library.

The face: `load` and `as_float` give images, `predictor` makes a classifier of a trained network, `sweep` moves a patch
over images and `importance` reads the result, `search` looks for patches that fool a classifier. The rooms:

    datasets    cnn    occlusion    recurrent    ensembles    report      know no document
    studies                                                               the homework, section by section

Numerical modules are pure functions of arrays and explicit `jax.random` keys; importing any of them leaves JAX's
configuration alone. Rooms load when they are first named: `hw3.recurrent.rnn`, `hw3.studies.audit`.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "batches",
        "classifiers",
        "cnn",
        "datasets",
        "ensembles",
        "errors",
        "occlusion",
        "optimizers",
        "recurrent",
        "report",
        "studies",
        "unfinished",
    ],
    submod_attrs={
        "cnn.networks": ["predictor"],
        "datasets.images": ["as_float"],
        "datasets.loading": ["load"],
        "occlusion.maps": ["importance"],
        "occlusion.overlays": ["search"],
        "occlusion.sweeps": ["blur_fill", "mean_fill", "sweep"],
    },
)
