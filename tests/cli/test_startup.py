"""What a command imports: the light ones stay light, and torch never comes for biomarkers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccmeval import __version__
from ccmeval.cli.biomarkers import THREAD_VARIABLES
from tests.drawn import write_frames

HEAVY_FOR_HELP = (
    "torch",
    "numpy",
    "scipy",
    "skimage",
    "pandas",
    "matplotlib",
    "statsmodels",
    "joblib",
    "PIL",
)
HEAVY_FOR_A_FRAME = ("torch", "matplotlib", "statsmodels", "sklearn", "distributed", "numba", "IPython")


def _imported_by(tmp_path: Path, *argv: str) -> set[str]:
    """Run a command in a fresh process and list the top-level packages it imported."""
    note = tmp_path / "modules.txt"
    code = (
        "import atexit, sys; from pathlib import Path\n"
        "sys.argv, note = ['ccmeval', *sys.argv[1:-1]], sys.argv[-1]\n"
        "atexit.register(lambda: Path(note).write_text('\\n'.join(sys.modules)))\n"
        "from ccmeval.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv, str(note)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in note.read_text().split()}


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["biomarkers", "--help"]])
def test_help_imports_nothing_heavy(tmp_path: Path, argv: list[str]) -> None:
    imported = _imported_by(tmp_path, *argv)
    assert "typer" in imported
    assert not imported & set(HEAVY_FOR_HELP)
    if argv[0].startswith("--"):  # of one command, typer itself may ask pydantic to read the arguments
        assert "pydantic" not in imported


def test_threads_are_limited_before_numpy_is_imported(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy': print('threads', os.environ.get('OPENBLAS_NUM_THREADS'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "sys.argv = ['ccmeval', 'biomarkers', 'nowhere']\n"
        "from ccmeval.cli.main import main; main()"
    )
    free = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=free
    )
    assert done.stdout.strip() == "threads 1"


def test_a_frame_is_measured_without_what_it_does_not_need(tmp_path: Path) -> None:
    (frame, *_) = write_frames(tmp_path / "in", 1)
    imported = _imported_by(
        tmp_path, "biomarkers", str(frame), "-o", str(tmp_path / "out"), "--pixel-size", "1"
    )
    assert "scipy" in imported
    assert not imported & set(HEAVY_FOR_A_FRAME)


def test_python_m_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ccmeval", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"ccmeval {__version__}\n"
