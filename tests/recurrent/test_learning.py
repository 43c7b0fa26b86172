"""Learners between chance and the matched filter, on a task that is learned in seconds."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from programs import environment_of_programs

from hw3.datasets.proteins import Task
from hw3.recurrent import echo_state, learning
from hw3.recurrent.learning import Recipe

TASK = Task(30, classes=2, motif_length=4, copies=2, early=10, substitution=0.4)
SEEDS = 2
HIDDEN = 8


@pytest.fixture(scope="module")
def keys():
    return learning.seed_keys(SEEDS, seed=5)


@pytest.fixture(scope="module")
def sets(keys):
    return learning.draw_sets(keys, TASK, 400, 1000)


@pytest.fixture(scope="module")
def bounds(sets):
    return learning.baselines(TASK, sets)


def lstms(keys):
    biases = learning.chrono_biases(keys.initial, HIDDEN, TASK.length)
    return learning.initial_lstms(keys.initial, HIDDEN, TASK.classes, biases, -biases)


def test_the_first_seeds_do_not_depend_on_how_many_there_are(keys):
    more = learning.seed_keys(SEEDS + 3, seed=5)
    for few, many in zip(keys, more, strict=True):
        assert (jax.random.key_data(few) == jax.random.key_data(many[:SEEDS])).all()
    everything = np.concatenate([jax.random.key_data(key) for key in more])
    assert len(np.unique(everything, axis=0)) == 4 * (SEEDS + 3)


def test_without_memory_there_is_chance_and_with_the_motifs_much_more(bounds):
    assert (np.abs(bounds.last_residues - 0.5) < 0.06).all()
    assert (np.asarray(bounds.matched_filter) > 0.85).all()
    with pytest.raises(ValueError, match="it must be above early, 30"):
        learning.baselines(TASK._replace(early=30), None)


def test_an_lstm_learns_the_same_again_and_stays_below_the_matched_filter(keys, sets, bounds):
    recipe = Recipe(updates=40, batch=64, learning_rate=1e-2)
    seen = []
    learned = learning.train(keys, TASK, sets, recipe, lstms(keys), seen.append)
    assert sum(seen) == SEEDS * 40 * 64
    assert learned.losses.shape == learned.gradient_norms.shape == (SEEDS, 40)
    assert (learned.losses[:, -5:].mean(1) < learned.losses[:, 0] - 0.1).all()
    assert (np.asarray(learned.accuracy) > 0.65).all()
    assert (learned.accuracy < bounds.matched_filter).all()
    again = learning.train(keys, TASK, sets, recipe, lstms(keys))
    assert (again.losses == learned.losses).all()


def test_every_update_sees_new_sequences(keys, sets):
    still = Recipe(updates=3, batch=8, learning_rate=1e-30)  # so the loss changes through the sequences alone
    learned = learning.train(keys, TASK, sets, still, learning.initial_rnns(keys.initial, 2, 2))
    assert all(len(np.unique(losses)) == 3 for losses in learned.losses)


def test_the_update_is_compiled_once(keys, sets, caplog):
    recipe = Recipe(updates=3, batch=4)
    with jax.log_compiles():
        learning.train(keys, TASK, sets, recipe, learning.initial_rnns(keys.initial, 3, 2))
    assert sum("Finished XLA compilation of jit(_update)" in record.getMessage() for record in caplog.records) == 1


def test_a_reservoir_that_leaks_little_remembers_and_one_that_leaks_all_forgets(keys, sets, bounds):
    def accuracy(leak):
        @jax.jit
        @jax.vmap
        def draw(key):
            return echo_state.random_reservoir(key, 60, 20, 0.9, leak=leak, dtype=jnp.float32)

        return learning.echo_state_accuracy(draw(keys.initial), sets, TASK.classes)

    short, long = accuracy(1.0), accuracy(0.05)
    assert (short.last < 0.65).all()
    assert (long.last > 0.7).all()
    assert (short.mean > short.last).all()
    assert (long.last < bounds.matched_filter).all()


def test_clipping_bounds_the_gradient_that_the_optimiser_sees():
    params = jax.tree.map(lambda leaf: leaf[0], learning.initial_rnns(jax.random.split(jax.random.key(0), 1), 4, 2))
    xs, labels = np.random.default_rng(1).normal(size=(3, 5, 20)).astype(np.float32), np.int32([0, 1, 1])

    @jax.jit
    def moments():
        found = []
        for clip in (None, 0.01):
            recipe = Recipe(clip=clip)
            state = learning.optimizer(recipe).init(params)
            step = learning.training_step(recipe, params, state, xs, labels)
            first = [leaf for leaf in jax.tree.leaves(step.state) if leaf.ndim][: len(params)]  # Adam's 0.1 gradient
            found.append((step.gradient_norm, jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in first)) / 0.1))
        return found

    (norm, unclipped), (same, clipped) = moments()
    assert norm == same > 0.01
    assert float(unclipped) == pytest.approx(float(norm), rel=1e-5)
    assert float(clipped) == pytest.approx(0.01, rel=1e-5)


def test_chrono_biases_are_of_memories_up_to_the_length():
    keys = jax.random.split(jax.random.key(0), 3)
    biases = learning.chrono_biases(keys, 50, 1000)
    assert biases.shape == (3, 50)
    assert 0 <= biases.min() < 5 < biases.max() <= np.log(999)
    with pytest.raises(ValueError, match="length is 2; it must be at least 3"):
        learning.chrono_biases(keys, 50, 2)


SPLIT = """
import jax, numpy as np
from jax.sharding import Mesh
from hw3.datasets.proteins import Task
from hw3.recurrent import learning

assert [learning.mesh_for(batch).size for batch in (64, 48, 33, 16, 1)] == [4, 3, 1, 1, 1]
task = Task(length=30, classes=2, early=20)
keys = learning.seed_keys(2)
sets = learning.draw_sets(keys, task, 10, 40)
recipe = learning.Recipe(updates=4, batch=64, clip=0.5)
found = []
for devices in (1, 4):
    initial = learning.initial_lstms(keys.initial, 8, 2, 1.0)
    mesh = Mesh(np.array(jax.devices()[:devices]), ("any",))
    found.append(learning.train(keys, task, sets, recipe, initial, mesh=mesh))
one, four = found
np.testing.assert_allclose(four.losses, one.losses, rtol=1e-5)
np.testing.assert_allclose(four.gradient_norms, one.gradient_norms, rtol=1e-4)
try:
    learning.train(keys, task, sets, recipe._replace(batch=7), initial, mesh=mesh)
except ValueError as error:
    print(error)
"""


def test_training_split_over_devices_is_training_on_one():
    environment = environment_of_programs(devices=4)
    done = subprocess.run([sys.executable, "-c", SPLIT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "batch is 7; the 4 devices of the mesh must divide it\n"
