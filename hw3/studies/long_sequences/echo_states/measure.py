"""Two states of a reservoir read one sequence: do they forget their difference? What can be read off later?"""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from hw3.compilation import DRAWING
from hw3.datasets import proteins
from hw3.errors import InvalidInput
from hw3.recurrent import echo_state, gradient_flow
from hw3.recurrent.gradient_flow import Band
from hw3.studies.progress import Progress, quiet

DENSITY = 0.2
INPUT_SCALES = (0.0, 0.3, 1.0)  # of U for the protein-like sequence; 0 leaves the reservoir to itself
DRAWN_SCALE = 0.3  # the one whose differences are followed step by step
FORGOTTEN = 1e-6  # what may be left of a difference
MEMORY_RADII = tuple(np.arange(0.1, 1.55, 0.1).round(1).tolist())  # of the slider over the memory
CAPACITY_INPUT_SCALE = 0.1  # little, so that tanh is almost linear: non-linearity costs memory


class Settings(NamedTuple):
    """What fixes every number, at the homework's own case."""

    hidden: int = 50  # units of a reservoir, the bound of its memory capacity
    reservoirs: int = 16  # random ones
    steps: int = 1_000  # after which a difference is measured
    samples: int = 8_000  # steps that fit a readout
    radii: tuple[float, ...] = (*np.arange(0.5, 1.5, 0.05).round(2).tolist(), *np.arange(1.5, 3.01, 0.25).tolist())
    drawn_radii: tuple[float, ...] = (0.5, 0.9, 1.1, 1.5, 2.5)  # followed step by step
    capacity_radii: tuple[float, ...] = (0.5, 0.9, 0.99)
    seed: int = 0  # of reservoirs, states and inputs


FULL = Settings()
QUICK = Settings(reservoirs=6, samples=4_000)


class Left(NamedTuple):
    """What is left of a difference after all steps, relative to what it was, for one scale of the inputs."""

    input_scale: float
    band: Band  # over the reservoirs, each [radii]
    last_radii: tuple[float, ...]  # a reservoir's largest radius up to which it forgets; NaN if it never does


class Curve(NamedTuple):
    """The difference step by step."""

    radius: float
    band: Band  # over the reservoirs, each [steps + 1]


class Capacity(NamedTuple):
    """Jaeger's memory capacity at one spectral radius."""

    radius: float
    by_delay: Band  # squared correlation with the input k = 1, 2, ... steps ago, over the reservoirs, each [delays]
    totals: tuple[float, ...]  # summed over the delays, a reservoir each


class MemoryGrid(NamedTuple):
    """The memory capacity over spectral radii."""

    radii: tuple[float, ...]
    totals: tuple[float, ...]  # medians over the reservoirs
    by_delay: np.ndarray  # medians over the reservoirs [radii, delays]


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    delays: int  # that a capacity sums over
    left: tuple[Left, ...]  # one an input scale
    curves: tuple[Curve, ...]  # one a drawn radius
    capacities: tuple[Capacity, ...]  # one a capacity radius
    memory: MemoryGrid


def measure(settings: Settings = FULL, *, progress: Progress = quiet) -> Results:
    """Forgetting and memory of random reservoirs, in float64.

    Raises ValueError for radii that aren't positive, or not ascending.
    """
    _check(settings)
    with jax.enable_x64(True):
        return _measure(settings, progress)


def _check(settings: Settings) -> None:
    if not settings.radii or min(settings.radii) <= 0 or (np.diff(settings.radii) <= 0).any():
        raise InvalidInput(f"radii must be positive and ascending, not {settings.radii}")
    if not settings.capacity_radii or min(settings.capacity_radii) <= 0:
        raise InvalidInput(f"capacity_radii must be positive, not {settings.capacity_radii}")


def _measure(settings: Settings, progress: Progress) -> Results:
    hidden, count, delays = settings.hidden, settings.reservoirs, 2 * settings.hidden
    keys = jax.random.split(jax.random.key(settings.seed), 4)
    xs = proteins.one_hot(proteins.background(keys[0], (settings.steps,))).astype(float)
    two = jax.random.uniform(keys[1], (2, hidden), float, -1, 1)
    reservoir_keys = jax.random.split(keys[2], count)

    # Drawn once, with radius and scale 1, which are set later: drawing and eigenvalues take long to compile.
    @functools.partial(jax.jit, compiler_options=DRAWING)
    @jax.vmap
    def draw(key: jax.Array) -> tuple[echo_state.Reservoir, ...]:
        """One that reads residues, and one of a single input that is to be repeated."""
        return tuple(
            echo_state.random_reservoir(key, hidden, inputs, 1.0, DENSITY, input_scale=1.0, dtype=float)
            for inputs in (xs.shape[1], 1)
        )

    readers, repeaters = draw(reservoir_keys)

    # What is closed over would be worked out by the compiler, slowly: reservoirs and inputs are arguments.
    @jax.jit
    def distances(drawn: echo_state.Reservoir, inputs: jax.Array, radius: Any, scale: Any) -> jax.Array:
        def one(drawn: echo_state.Reservoir) -> jax.Array:
            return echo_state.distances(drawn._replace(W=radius * drawn.W, U=scale * drawn.U), inputs, *two)

        return jax.vmap(one)(drawn)

    @jax.jit
    def capacity(drawn: echo_state.Reservoir, radius: Any) -> echo_state.MemoryCapacity:
        def one(drawn: echo_state.Reservoir) -> echo_state.MemoryCapacity:
            reservoir = drawn._replace(W=radius * drawn.W, U=CAPACITY_INPUT_SCALE * drawn.U)
            return echo_state.memory_capacity(reservoir, keys[3], delays, settings.samples, washout=max(500, delays))

        return jax.vmap(one)(drawn)

    total = len(INPUT_SCALES) * len(settings.radii) + len(settings.drawn_radii) + len(settings.capacity_radii)
    total += len(MEMORY_RADII)
    with progress("echo states", total * count, "reservoirs") as advance:

        def told(value: Any) -> Any:
            advance(count)
            return jax.tree.map(np.asarray, value)

        left = []
        for scale in INPUT_SCALES:
            ends = np.stack([told(distances(readers, xs, radius, scale))[:, -1] for radius in settings.radii])
            last = echo_state.last_forgetting_radius(np.array(settings.radii), ends, FORGOTTEN)
            left.append(Left(scale, gradient_flow.band(ends.T), tuple(last.tolist())))
        curves = [
            Curve(radius, gradient_flow.band(told(distances(readers, xs, radius, DRAWN_SCALE))))
            for radius in settings.drawn_radii
        ]
        capacities = []
        for radius in settings.capacity_radii:
            found = told(capacity(repeaters, radius))
            capacities.append(Capacity(radius, gradient_flow.band(found.by_delay), tuple(found.total.tolist())))
        grid = [told(capacity(repeaters, radius)) for radius in MEMORY_RADII]
    memory = MemoryGrid(
        MEMORY_RADII,
        tuple(float(np.median(found.total)) for found in grid),
        np.stack([np.median(found.by_delay, 0) for found in grid]),
    )
    return Results(settings, delays, tuple(left), tuple(curves), tuple(capacities), memory)
