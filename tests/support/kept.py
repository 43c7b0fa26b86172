"""What a study finds goes to disk and comes back."""

import numpy as np

from hw3.report import results as on_disk
from hw3.report.results import Record


def assert_kept(study, results, folder):
    """Asserts that reading gives what was written, every number to the last bit, NaN for NaN."""
    on_disk.write(folder, study.NAME, Record("python x.py", results))
    record = on_disk.read(folder, study.NAME, study.Results)
    assert record.command == "python x.py"
    assert type(record.results) is type(results)
    np.testing.assert_equal(record.results, results)
