import subprocess
import sys
from pathlib import Path

import pytest

from tests.habits.tree import ROOT

MODULE = """
import pytest

@pytest.mark.skip(reason="needs 12 moons")
def test_skipped(): ...

@pytest.mark.xfail(reason="known")
def test_expected_to_fail(): assert False

def test_skips_itself(): pytest.skip("late")
"""


def outcomes(folder: Path, module: str, allowed: str) -> str:
    """Run a module of tests under our conftest and give the last line that pytest prints."""
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "allowed_skips.txt").write_text(allowed, encoding="utf-8")
    (folder / "test_module.py").write_text(module, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1", str(folder)]
    run = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    return run.stdout.splitlines()[-1]


@pytest.mark.slow
def test_an_unlisted_skip_fails(tmp_path: Path) -> None:
    """A test that is skipped or expected to fail for a reason that nobody listed is a failure."""
    assert outcomes(tmp_path, MODULE, "# late\n").startswith("2 failed, 1 error")


@pytest.mark.slow
def test_a_listed_skip_passes(tmp_path: Path) -> None:
    """A listed reason, wildcards included, lets a test be skipped."""
    assert outcomes(tmp_path, MODULE, "needs * moons\nknown\nlate\n").startswith("2 skipped, 1 xfailed")


@pytest.mark.slow
def test_a_skipped_module_fails(tmp_path: Path) -> None:
    """A whole module that is skipped while it is collected is not forgotten either."""
    assert "1 error" in outcomes(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", "")
