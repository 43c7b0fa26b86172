"""A patch at every position of every image: sweeps, their maps, and searches for patches that fool."""

from hw3.occlusion import maps
from hw3.occlusion.sweeps import Sweep, blur_fill, mean_fill, occluded, positions, sweep

__all__ = ["Sweep", "blur_fill", "maps", "mean_fill", "occluded", "positions", "sweep"]
