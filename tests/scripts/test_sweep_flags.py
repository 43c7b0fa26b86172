"""What the flags of the programs that move a patch stand for."""

from types import SimpleNamespace

import pytest
from common import sweep_flags


@pytest.mark.parametrize(("given", "pixels"), [(["8"], (8, 8)), (["8", "6"], (8, 6))])
def test_one_or_two_numbers_of_pixels(given, pixels):
    assert sweep_flags.pixels(SimpleNamespace(name="patch_size", value=given)) == pixels


@pytest.mark.parametrize("given", ["0", "-1", "two", "8,", "8,6,4", "1.5", ""])
def test_anything_else_is_named(given):
    flag = SimpleNamespace(name="stride", value=given.split(","))
    with pytest.raises(ValueError, match=f"--stride={given}: must be one or two positive whole numbers of pixels"):
        sweep_flags.pixels(flag)
