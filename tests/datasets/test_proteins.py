"""The task: its distribution, its motifs, its best possible classifier."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.datasets import proteins
from hw3.datasets.proteins import BACKGROUND, Task

KEY = jax.random.key(3)
SMALL = Task(30, classes=3, motif_length=3, copies=2, early=11, substitution=0.3)


motifs = jax.jit(proteins.motifs, static_argnums=1)
generate = jax.jit(proteins.generate, static_argnums=(1, 3))
posterior = jax.jit(proteins.posterior, static_argnums=0)


def drawn(task, batch=200, key=KEY):
    planted = motifs(jax.random.key(1), task)
    return np.asarray(planted), jax.tree.map(np.asarray, generate(key, task, planted, batch))


def test_background_frequencies_are_natural():
    assert BACKGROUND.sum() == pytest.approx(1, abs=1e-15)
    by_name = dict(zip(proteins.AMINO_ACIDS, BACKGROUND, strict=True))
    assert max(by_name, key=by_name.get) == "L"
    assert min(by_name, key=by_name.get) == "W"
    count = 200_000
    found = np.bincount(np.asarray(proteins.background(KEY, (count,))), minlength=20) / count
    assert (np.abs(found - BACKGROUND) < 5 * np.sqrt(BACKGROUND / count)).all()


def test_the_same_key_gives_the_same_sequences_and_another_key_others():
    _, once = drawn(SMALL)
    _, again = drawn(SMALL)
    _, other = drawn(SMALL, key=jax.random.key(4))
    assert (once.residues == again.residues).all()
    assert (once.labels == again.labels).all()
    assert (once.residues != other.residues).mean() > 0.5
    assert once.residues.shape == (200, 30)
    assert once.residues.dtype == once.labels.dtype == np.int32
    assert set(once.labels.tolist()) == {0, 1, 2}


def test_every_slot_holds_a_copy_of_the_classs_motif_at_any_place():
    planted, batch = drawn(SMALL._replace(substitution=0.0))
    places = set()
    for residues, label in zip(batch.residues, batch.labels, strict=True):
        for slot in (residues[:5], residues[5:10]):
            found = {at for at in range(3) if (slot[at : at + 3] == planted[label]).all()}
            assert found
            places |= found if len(found) == 1 else set()
    assert places == {0, 1, 2}


def test_of_a_motif_so_many_residues_are_replaced_and_nothing_follows_the_early_part():
    task = Task(12, motif_length=4, copies=1, early=4, substitution=0.25)
    planted, batch = drawn(task, 20_000)
    kept = (batch.residues[:, :4] == planted[batch.labels]).mean(0)
    by_chance = BACKGROUND[planted].mean(0)
    np.testing.assert_allclose(kept, 0.75 + 0.25 * by_chance, atol=0.02)
    later = [np.bincount(batch.residues[batch.labels == c, 4:].ravel(), minlength=20) for c in range(task.classes)]
    for counts in later:
        np.testing.assert_allclose(counts / counts.sum(), BACKGROUND, atol=0.01)


def test_the_matched_filter_is_bayes_rule():
    planted, batch = drawn(SMALL)
    found = np.asarray(posterior(SMALL, jnp.asarray(planted), jnp.asarray(batch.residues)))
    for residues, log_posterior in zip(batch.residues[:5], found[:5], strict=True):
        likelihood = np.zeros(3)
        for label in range(3):  # summed over every placement of both copies
            for starts in itertools.product(range(3), range(5, 8)):
                p = BACKGROUND[residues].copy()
                for start in starts:
                    for i in range(3):
                        r = residues[start + i]
                        p[start + i] = 0.7 * (r == planted[label, i]) + 0.3 * BACKGROUND[r]
                likelihood[label] += p.prod()
        np.testing.assert_allclose(np.exp(log_posterior), likelihood / likelihood.sum(), rtol=1e-4)


def test_the_matched_filter_knows_nothing_where_all_is_substituted():
    planted, batch = drawn(SMALL)
    found = posterior(SMALL._replace(substitution=1.0), jnp.asarray(planted), jnp.asarray(batch.residues))
    np.testing.assert_allclose(found, np.log(1 / 3), rtol=1e-5)
    assert proteins.accuracy(jnp.eye(3), jnp.array([0, 1, 1])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"length": 10}, "length is 10; it must be at least 11"),
        ({"copies": 4}, "4 motifs of 3 residues do not fit into the first 11: each has 2"),
        ({"copies": 0}, "copies is 0; it must be at least 1"),
        ({"classes": 1}, "classes is 1; there must be at least 2"),
        ({"substitution": 1.5}, "substitution is 1.5; it must be between 0 and 1"),
    ],
)
def test_tasks_that_cannot_be_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        proteins.check(SMALL._replace(**change))
