"""The third homework of a deep-learning course as a small JAX library.

`data` gives images; `cnn` describes the networks, `training` trains them (`training_layers` and
`onednn` make that fast on CPU) and `checkpoints` keeps them; `inspection`
looks inside; `occlusion` sweeps a patch over images and `occlusion_maps` reads the result (`patched`,
`changes` and `incremental` compute each distinct image, and of it only what changed, once; `sharding` splits the work
over devices; `sweep_store` keeps sweeps of whole data sets and `occlusion_statistics` sums them up); `overlays`
searches for patches that fool a classifier. `rnn` and `lstm` unroll back-propagation through time by hand,
`gradients` sets it beside autodiff and differences, and `published` audits every number that the documents print for
them.
`gradient_flow` follows gradients over long lags, `echo_state` reads out random networks, `sequences` plants motifs in
long sequences and `sequence_learning` learns to find them, through `batched_recurrence`, from `random_networks`.
`small_networks` trains many networks as one batch, of `dense_networks` and from `draws`, for the experiments of
`regularization`, `batch_normalization`, `variance_shift`, `connectivity`, `translation` and `receptive_field`;
`claims_*` turn their numbers into effects and `verdicts` judges these.
`figures` turns arrays into pictures, `answers_*` turn results into sentences and `report` makes one page of it all.
Numerical modules are pure functions of arrays and explicit `jax.random` keys; importing any of them leaves JAX's
configuration alone.
"""

__version__ = "0.1.0"
