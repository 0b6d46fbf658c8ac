"""What all tests share: numeric libraries on one thread, hypothesis without a clock, the shipped tables loaded once."""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is imported

from pathlib import Path

import hypothesis
import pytest

from despin.batch import runner
from despin.resources import Resources, load

# A shared machine stops a process now and then, so no example has a deadline. The same examples come in every run of
# the automatic checks; by hand, hypothesis goes on looking for new ones.
hypothesis.settings.register_profile("despin", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "despin")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def resources() -> Resources:
    """The shipped tables of English."""
    return load("en")


@pytest.fixture(scope="session")
def development_data() -> Path:
    """The folder of texts for measuring, which are not part of the project; a test that needs it is skipped without."""
    folder = Path(os.environ.get("DESPIN_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no texts for measuring in {folder}; set DESPIN_DATA to their folder")
    return folder


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch runs work in this process, which is quicker where processes are not what is tested."""
    monkeypatch.setattr(runner, "in_order", lambda function, items, workers, start_method: map(function, items))
