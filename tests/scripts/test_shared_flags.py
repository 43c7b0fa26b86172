"""What flags that several programs share stand for."""

import pytest
from common import shared_flags


@pytest.mark.parametrize(("given", "pixels"), [(["8"], (8, 8)), (["8", "6"], (8, 6))])
def test_one_or_two_numbers_of_pixels(given, pixels):
    assert shared_flags.pixels("patch_size", given) == pixels


@pytest.mark.parametrize("given", ["0", "-1", "two", "8,", "8,6,4", "1.5", ""])
def test_anything_else_is_named(given):
    with pytest.raises(ValueError, match=f"--stride={given}: must be one or two positive whole numbers of pixels"):
        shared_flags.pixels("stride", given.split(","))
