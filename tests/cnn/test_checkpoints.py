"""Checkpoints: a saved run continues to the same numbers, and a damaged one is one clear error."""

import gc
import json
import shutil

import jax
import numpy as np
import pytest
from tiny_run import DESCRIPTION, KEY, RECIPE, equal

from hw3.cnn import checkpoints, training

# What orbax leaves unfinished when a read fails complains when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True, scope="module")
def _collect_what_orbax_leaves():
    yield
    gc.collect()


def test_a_saved_run_continues_to_the_same_numbers(tiny_model, stripes, tiny_run, tmp_path):
    identity = checkpoints.Run(DESCRIPTION, "stripes", (12, 12, 1), 500, 3, RECIPE, 7)
    state, metrics = tiny_run[0]
    checkpoints.save(tmp_path / "c", checkpoints.Checkpoint(identity, state, (metrics,)))
    loaded = checkpoints.load(tmp_path / "c")
    assert loaded.run == identity
    assert loaded.history == (metrics,)
    assert not loaded.finished
    assert equal(loaded.state, state)
    rest = list(training.epochs(tiny_model, RECIPE, stripes, KEY, loaded.state))
    assert [m for _, m in rest] == [m for _, m in tiny_run[1:]]
    assert equal(rest[-1][0], tiny_run[-1][0])


def test_a_run_with_muon_continues_to_the_same_numbers(tiny_model, stripes, tmp_path):
    recipe = training.Recipe(epochs=2, batch_size=50, max_shift=0)
    assert recipe.optimizer == "muon"
    identity = checkpoints.Run(DESCRIPTION, "stripes", (12, 12, 1), 500, 3, recipe, 7)
    start = training.initial_state(tiny_model, recipe, stripes, KEY)
    (first, metrics), (last, _) = training.epochs(tiny_model, recipe, stripes, KEY, start)
    checkpoints.save(tmp_path, checkpoints.Checkpoint(identity, first, (metrics,)))
    (again, _), *_ = training.epochs(tiny_model, recipe, stripes, KEY, checkpoints.load(tmp_path).state)
    assert equal(again, last)


def test_a_checkpoint_that_does_not_name_its_optimizer_was_trained_by_sgd(saved):
    meta = saved / "2" / "meta" / "metadata"
    content = json.loads(meta.read_text())
    for name in ("optimizer", "gradient_bytes"):
        del content["run"]["recipe"][name]
    meta.write_text(json.dumps(content))
    recipe = checkpoints.load(saved).run.recipe
    assert (recipe.optimizer, recipe.gradient_bytes) == ("sgd", 2**23)


@pytest.fixture(scope="module")
def saved_twice(tiny_run, tmp_path_factory):
    identity = checkpoints.Run(DESCRIPTION, "stripes", (12, 12, 1), 500, 3, RECIPE, 7)
    directory = tmp_path_factory.mktemp("saved") / "checkpoint"
    for count in (1, 2):
        metrics = tuple(m for _, m in tiny_run[:count])
        checkpoints.save(directory, checkpoints.Checkpoint(identity, tiny_run[count - 1][0], metrics))
    return directory


@pytest.fixture
def saved(saved_twice, tmp_path):
    """The checkpoint of two epochs, each test's own to damage."""
    return shutil.copytree(saved_twice, tmp_path / "checkpoint")


def test_only_the_last_checkpoint_is_kept_and_leftovers_of_a_killed_save_are_ignored(saved, tiny_run):
    (saved / "3.orbax-checkpoint-tmp").mkdir()
    assert [child.name for child in saved.iterdir() if child.name.isdecimal()] == ["2"]
    assert len(checkpoints.load(saved).history) == 2


def test_a_folder_without_a_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{tmp_path} holds no checkpoint"):
        checkpoints.load(tmp_path)


@pytest.mark.parametrize("victim", ["meta/metadata", "state/_METADATA", "state/manifest.ocdbt", "state/d"])
@pytest.mark.parametrize("damage", ["truncated", "gone"])
def test_a_damaged_checkpoint_is_one_clear_error(saved, victim, damage):
    target = saved / "2" / victim
    files = [target] if target.is_file() else [file for file in target.rglob("*") if file.is_file()]
    assert files
    for file in files:
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"the checkpoint in .* is damaged") as caught:
        checkpoints.load(saved)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_network_is_noticed(saved):
    meta = saved / "2" / "meta" / "metadata"
    meta.write_text(meta.read_text().replace("conv3-8 maxpool2", "conv5-8 maxpool2"))
    with pytest.raises(ValueError, match="is damaged or not one of this program"):
        checkpoints.load(saved)


def test_differences_between_runs_are_named(saved):
    run = checkpoints.load(saved).run
    assert checkpoints.difference(run, run) == ""
    assert checkpoints.difference(run, run._replace(seed=8)) == "seed is 7 there and 8 here"
    longer = run._replace(recipe=RECIPE._replace(epochs=9))
    assert checkpoints.difference(run, longer) == "epochs is 3 there and 9 here"


def test_at_a_constant_rate_a_finished_run_trains_on_to_the_numbers_of_a_longer_one(tiny_model, stripes, tmp_path):
    short, long = (RECIPE._replace(schedule="constant", epochs=epochs) for epochs in (1, 2))
    run = checkpoints.Run(DESCRIPTION, "stripes", (12, 12, 1), 500, 3, short, 7)
    whole = list(
        training.epochs(tiny_model, long, stripes, KEY, training.initial_state(tiny_model, long, stripes, KEY))
    )
    begun = list(
        training.epochs(tiny_model, short, stripes, KEY, training.initial_state(tiny_model, short, stripes, KEY))
    )
    checkpoints.save(tmp_path / "c", checkpoints.Checkpoint(run, begun[-1][0], (begun[-1][1],)))
    finished = checkpoints.load(tmp_path / "c")
    assert finished.finished
    longer = checkpoints.extended(finished, run._replace(recipe=long))
    assert not longer.finished
    (last,) = training.epochs(tiny_model, long, stripes, KEY, longer.state)
    assert equal(last[0], whole[-1][0])
    assert last[1] == whole[-1][1]
    checkpoints.save(tmp_path / "c", longer._replace(state=last[0], history=(*longer.history, last[1])))
    again = checkpoints.load(tmp_path / "c")
    assert again.run.recipe == long
    with pytest.raises(ValueError, match="2 epochs are done there, epochs is 1 here"):
        checkpoints.extended(again, run)


def test_a_run_is_extended_by_its_own_settings_alone(saved):
    found = checkpoints.load(saved)
    assert checkpoints.extended(found, found.run) == found
    longer = found.run._replace(recipe=RECIPE._replace(epochs=9))
    with pytest.raises(
        ValueError, match=r"epochs is 3 there and 9 here, and its cosine schedule brings .* begins anew"
    ):
        checkpoints.extended(found, longer)
    with pytest.raises(ValueError, match=r"^seed is 7 there and 8 here$"):
        checkpoints.extended(found, longer._replace(seed=8))


def test_a_checkpoint_of_parameters_that_are_no_numbers_is_noticed(tiny_run, tmp_path):
    state, metrics = tiny_run[0]
    params = jax.tree.map(np.array, state.params)
    params["conv1"]["linear"]["bias"][0] = np.nan
    run = checkpoints.Run(DESCRIPTION, "stripes", (12, 12, 1), 500, 3, RECIPE, 7)
    checkpoints.save(tmp_path / "c", checkpoints.Checkpoint(run, state._replace(params=params), (metrics,)))
    with pytest.raises(ValueError, match=r"is damaged or .* parameters conv1/linear/bias hold NaN or infinity"):
        checkpoints.load(tmp_path / "c")
