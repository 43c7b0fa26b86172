"""Protein-like sequences whose class is set by short motifs near their beginning: a task that needs memory.

Residues are drawn independently with the background frequencies of natural proteins. Each class has one motif; it is
planted `copies` times in the first `early` residues, each of its residues replaced by a background residue with
probability `substitution`. All that follows says nothing of the class, so a classifier that reads the sequence to its
end has to remember for `length - early` steps or more.

Between them lie every learner's results: a classifier that sees only the last residues scores chance, and
`posterior`, the matched filter that knows the motifs, is the Bayes rule: no classifier does better on average.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
# Robinson and Robinson, Distribution of glutamine and asparagine residues and their near neighbors in peptides and
# proteins, PNAS 88, 1991, 8880-8884: residues in a thousand, as BLAST uses them for its background.
PER_THOUSAND = (
    *(78.05, 19.25, 53.64, 62.95, 38.56, 73.77, 21.99, 51.42, 57.44, 90.19),
    *(22.43, 44.87, 52.03, 42.64, 51.29, 71.20, 58.41, 64.41, 13.30, 32.16),
)
BACKGROUND = np.array(PER_THOUSAND) / sum(PER_THOUSAND)  # [20], in the order of AMINO_ACIDS
BACKGROUND.setflags(write=False)


class Task(NamedTuple):
    """What fixes the distribution of sequences; lengths and places are counted in residues.

    The first `early` residues are cut into `copies` equal slots (a remainder stays background) and each slot holds
    one copy of the class's motif, anywhere in it with equal probability.
    """

    length: int
    classes: int = 4
    motif_length: int = 5
    copies: int = 4
    early: int = 40
    substitution: float = 0.4

    @property
    def slot(self) -> int:
        """Residues in a slot."""
        return self.early // self.copies

    @property
    def starts(self) -> int:
        """Places at which a motif may begin in its slot."""
        return self.slot - self.motif_length + 1


class Sequences(NamedTuple):
    """A batch: residues `[batch, length]` int32 (places in AMINO_ACIDS), labels `[batch]` int32."""

    residues: jax.Array
    labels: jax.Array


def check(task: Task) -> None:
    """Raises ValueError naming the entry of a task that cannot be."""
    for name in ("length", "motif_length", "copies", "early"):
        if getattr(task, name) < 1:
            raise InvalidInput(f"{name} is {getattr(task, name)}; it must be at least 1")
    if task.classes < 2:
        raise InvalidInput(f"classes is {task.classes}; there must be at least 2")
    if task.early > task.length:
        raise InvalidInput(f"length is {task.length}; it must be at least {task.early}, the part that holds the motifs")
    if task.starts < 1:
        raise InvalidInput(
            f"{task.copies} motifs of {task.motif_length} residues do not fit into the first {task.early}: "
            f"each has {task.slot}"
        )
    if not 0 <= task.substitution <= 1:
        raise InvalidInput(f"substitution is {task.substitution}; it must be between 0 and 1")


def background(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Residues drawn from BACKGROUND, int32."""
    return _residues(jax.random.uniform(key, shape, jnp.float32))


def _residues(uniform: jax.Array) -> jax.Array:
    """The inverse of the distribution function; a comparison with each edge is far cheaper than 20 Gumbel draws."""
    edges = jnp.asarray(np.cumsum(BACKGROUND)[:-1], jnp.float32)
    return jnp.searchsorted(edges, uniform, side="right", method="compare_all").astype(jnp.int32)


def _below(uniform: jax.Array, limit: int) -> jax.Array:
    """Whole numbers 0..limit-1, equally likely, int32."""
    return jnp.minimum((uniform * limit).astype(jnp.int32), limit - 1)


def motifs(key: jax.Array, task: Task) -> jax.Array:
    """One motif for each class, drawn from the background: `[classes, motif_length]` int32; errors as `check`."""
    check(task)
    return background(key, (task.classes, task.motif_length))


def generate(key: jax.Array, task: Task, planted: jax.Array, batch: int) -> Sequences:
    """Draws a batch with the motifs `planted` `[classes, motif_length]`, all classes equally likely.

    The same key gives the same sequences. `task` and `batch` are static under jit; errors as `check`.
    """
    check(task)
    place = np.arange(task.copies * task.slot, dtype=np.int32)
    # One draw for everything: what takes time in a short program is compiling the generator.
    parts = np.cumsum([task.length, 1, task.copies])
    uniform = jax.random.uniform(key, (batch, int(parts[-1]) + len(place)), jnp.float32)
    for_residues, for_labels, for_begins, for_kept = jnp.split(uniform, parts, axis=1)
    residues = _residues(for_residues)
    labels = _below(for_labels[:, 0], task.classes)
    begins = _below(for_begins, task.starts)
    within = (place % task.slot)[None, :] - begins[:, place // task.slot]  # counted from the motif's first residue
    kept = for_kept >= task.substitution
    motif = planted[labels[:, None], jnp.clip(within, 0, task.motif_length - 1)]
    inside = (within >= 0) & (within < task.motif_length)
    first = jnp.where(inside & kept, motif, residues[:, : len(place)])
    return Sequences(residues.at[:, : len(place)].set(first), labels)


def one_hot(residues: jax.Array) -> jax.Array:
    """The inputs of a network: `[..., length]` to `[..., length, 20]` float32."""
    return jax.nn.one_hot(residues, len(AMINO_ACIDS), dtype=jnp.float32)


def posterior(task: Task, planted: jax.Array, residues: jax.Array) -> jax.Array:
    """log p(class | sequence) `[batch, classes]`, exactly, from the motifs and residues `[batch, length]`.

    A matched filter: a motif's residue m at a place scores log((1 - e) [residue = m] / p(m) + e), the log likelihood
    ratio to the background p at substitution probability e. A placement's score is the sum over the motif; places
    in a slot are added up as probabilities, slots as logarithms. Errors as `check`.
    """
    check(task)
    e = jnp.float32(task.substitution)
    first = residues[:, : task.copies * task.slot].reshape(-1, task.copies, task.slot)
    frequency = jnp.asarray(BACKGROUND, jnp.float32)[planted]  # [classes, motif_length]
    windows = first[..., np.arange(task.starts)[:, None] + np.arange(task.motif_length)[None, :]]
    equal = windows[:, None] == planted[None, :, None, None]  # [batch, classes, copies, starts, motif_length]
    hit = jnp.log((1 - e) / frequency + e)[None, :, None, None]
    scores = jnp.where(equal, hit, jnp.log(e)).sum(-1)
    return jax.nn.log_softmax(jax.nn.logsumexp(scores, axis=-1).sum(-1))


def accuracy(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """The share of sequences whose own class has the highest of the scores `[batch, classes]`."""
    return jnp.mean((jnp.argmax(scores, axis=-1) == labels).astype(jnp.float32))
