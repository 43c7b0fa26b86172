"""The study of learners: each by itself gets what it gets among others; rules, tables, figures, the way to disk."""

import numpy as np
import pytest
from kept import assert_kept
from long_sequences_results import CLIPPED, KEEPING, LEAKING, LEARNED, LOG_T, MEAN, RNN, learned
from scipy import stats

from hw3.datasets.proteins import Task
from hw3.recurrent import learning as training
from hw3.studies.long_sequences import learning
from hw3.studies.long_sequences.learning import LEARNERS, Settings, claims, learners_named, measure

SETTINGS = Settings(
    lengths=(30,),
    seeds=2,
    updates=3,
    batch_size=8,
    hidden=4,
    clip=0.2,
    reservoir=30,
    test_sequences=200,
    classes=2,
    motif_length=4,
    copies=2,
    early=20,
    learners=(RNN, CLIPPED, LOG_T, LEAKING, KEEPING, MEAN),
)


@pytest.fixture(scope="module")
def results():
    done = []

    class Listener:
        def __init__(self, description, total, unit):
            self.total = total

        def __enter__(self):
            return done.append

        def __exit__(self, *_):
            assert sum(done) == self.total

    return measure(SETTINGS, progress=Listener)


def test_every_learner_is_tested(results):
    assert [outcome.learner for outcome in results.outcomes] == list(SETTINGS.learners)
    for outcome in results.outcomes:
        assert outcome.length == 30
        assert len(outcome.accuracies) == 2
        assert all(0 <= accuracy <= 1 for accuracy in outcome.accuracies)
        assert outcome.seconds > 0
        assert (outcome.training is not None) == outcome.learner.is_network
    assert [bound.length for bound in results.bounds] == [30]
    assert all(min(bound.matched_filter) > 0.7 > max(bound.last_residues) for bound in results.bounds)


def test_readouts_of_the_last_state_and_of_the_mean_differ(results):
    leaking, keeping, mean = (results.of(learner)[0] for learner in (LEAKING, KEEPING, MEAN))
    assert leaking.seconds == mean.seconds != keeping.seconds
    assert len({leaking.accuracies, keeping.accuracies, mean.accuracies}) == 3


def test_the_rnns_are_trained_by_their_recipes_on_the_sets_of_its_length(results):
    keys = training.seed_keys(2)
    task = Task(30, classes=2, motif_length=4, copies=2, early=20)
    sets = training.draw_sets(keys, task, 1000, 200)
    recipe = training.Recipe(updates=3, batch=8, clip=0.2)
    alone = training.train(keys, task, sets, recipe, training.initial_rnns(keys.initial, 4, 2))
    found = results.of(CLIPPED)[0]
    np.testing.assert_array_equal(found.training.losses, alone.losses[:, :1])
    assert found.accuracies == tuple(np.asarray(alone.accuracy).tolist())
    assert found.training.median_norms == tuple(np.median(alone.gradient_norms, 1).tolist())
    assert found.training.above_clip == tuple((alone.gradient_norms > 0.2).mean(1).tolist())
    free = training.train(keys, task, sets, recipe._replace(clip=None), training.initial_rnns(keys.initial, 4, 2))
    assert not np.array_equal(free.losses, alone.losses)
    assert results.of(RNN)[0].training.median_norms == tuple(np.median(free.gradient_norms, 1).tolist())


def test_how_far_a_learner_gets():
    assert claims.chance(LEARNED) == 0.25
    guess = round(500 * claims.best_guess(LEARNED))
    assert stats.binom.sf(guess, 500, 0.25) <= 0.001 < stats.binom.sf(guess - 1, 500, 0.25)
    found = {learner.name: claims.span(LEARNED, learner) for learner in LEARNED.settings.learners}
    assert found["RNN"].length is None
    assert found["RNN"].accuracy == 0.375
    assert found["RNN, clipped"].length == 50
    assert found["LSTM, forget bias log T"][1:] == (3000, pytest.approx(0.6))
    assert claims.furthest(LEARNED, "RNN") == found["RNN, clipped"]
    assert claims.furthest(learned({RNN: ((0.5, 0.5), (0.2, 0.2))}), "LSTM") is None
    gap = learned({RNN: ((0.2, 0.2), (0.9, 0.9))})
    assert claims.span(gap, RNN).length is None


def test_learners_are_found_by_name():
    assert learners_named([learner.name for learner in LEARNERS]) == LEARNERS
    assert learners_named(["RNN, clipped", "RNN"]) == (CLIPPED, RNN)
    with pytest.raises(ValueError, match="learners: no learner is called 'GRU'; there are RNN; RNN, clipped;"):
        learners_named(["RNN", "GRU"])


def test_tables_figures_and_the_way_to_disk_and_back(results, tmp_path):
    accuracies, seconds, norms = learning.tables(results)
    assert [row[0] for row in accuracies.rows[-2:]] == ["matched filter", "last residues only"]
    found = results.of(CLIPPED)[0].accuracies
    assert accuracies.rows[1][1] == f"{sum(found) / 2:.3f} ({min(found):.3f} to {max(found):.3f})"
    assert len(seconds.rows) == 6
    assert [row[:2] for row in norms.rows] == [
        ["RNN", "30"],
        ["RNN, clipped", "30"],
        ["LSTM, forget bias log T", "30"],
    ]
    assert len(learning.tables(learned({KEEPING: ((0.5, 0.5), (0.5, 0.5))}))) == 2
    assert set(learning.figures(results)) == {"accuracy.png"}
    assert_kept(learning, results, tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lengths": (24, 10)}, r"lengths must be ascending, not \(24, 10\)"),
        ({"lengths": (10, 24)}, "length is 10; it must be at least 20"),
        ({"classes": 1}, "classes is 1; there must be at least 2"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; it must be positive and finite"),
        ({"clip": float("inf")}, "clip is inf; it must be positive and finite"),
        ({"learners": ()}, "learners: there must be at least one"),
    ],
)
def test_bad_settings(wrong, message):
    with pytest.raises(ValueError, match=message):
        measure(SETTINGS._replace(**wrong))
