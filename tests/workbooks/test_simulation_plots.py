"""PNG plots of a simulation: they decode, show something, repeat to the byte, and are whole or not there."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from tests.workbooks.simulation_records import made_up_simulation
from workbooks.simulation import SimulationRecord, plots, write_plots
from workbooks.simulation.plots import file_name

image = pytest.importorskip("matplotlib.image")


@pytest.fixture(scope="module")
def record() -> SimulationRecord:
    return made_up_simulation(n_simulations=64, n_periods=8)


@pytest.fixture(scope="module")
def written(record: SimulationRecord, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_plots(tmp_path_factory.mktemp("plots") / "new" / "folder", record)


@pytest.fixture
def bare(record: SimulationRecord, monkeypatch: pytest.MonkeyPatch) -> SimulationRecord:
    """A record with a single fan, for what does not depend on the charts."""
    monkeypatch.setattr(plots, "FAN_SUBJECTS", plots.FAN_SUBJECTS[:1])
    return replace(record, tranches=None, collateral_loss=None, paths=())


def packed(picture: np.ndarray) -> np.ndarray:
    """Colours as whole numbers 0xRRGGBB."""
    red, green, blue = np.moveaxis((picture[:, :, :3] * 255).round().astype(np.int64), -1, 0)
    return (red << 16) + (green << 8) + blue


def test_one_file_for_each_chart(written: list[Path]) -> None:
    """Fans, mixes, losses, paths and tranches, named by deal and subject; nothing else is left in the folder."""
    names = [path.name for path in written]

    assert names[:2] == ["demo-1-cumulative-default-rate.png", "demo-1-cumulative-default-balance.png"]
    assert {
        "demo-1-rating-mix.png",
        "demo-1-performing-mix.png",
        "demo-1-loss-collateral.png",
        "demo-1-paths.png",
        "demo-1-expected-loss.png",
        "demo-1-test-failures.png",
        "demo-1-equity-return.png",
    } <= set(names)
    assert sorted(written[0].parent.iterdir()) == sorted(written)


def test_pictures_decode_and_show_something(written: list[Path]) -> None:
    """Each file is a picture of the full size with many colours on a white ground."""
    for path in written:
        picture = image.imread(path)

        assert picture.shape[:2] == (576, 1080)
        assert len(np.unique(packed(picture))) > 50
        assert 0.2 < (packed(picture) == 0xFFFFFF).mean() < 0.98


def test_the_fan_shows_its_bands(written: list[Path]) -> None:
    """The three bands and the median have their colours in the picture."""
    found = packed(image.imread(written[0]))

    assert np.isin([0xDCE8F2, 0xB7D3E6, 0x7FB0D3, 0x1F3A5F], found).all()


def test_equal_records_give_equal_bytes(tmp_path: Path, bare: SimulationRecord) -> None:
    """No clock, no version and no random id goes into a file."""
    first = [path.read_bytes() for path in write_plots(tmp_path / "a", bare)]
    second = [path.read_bytes() for path in write_plots(tmp_path / "b", bare)]

    assert first == second
    assert b"clodesk" in first[0]


@pytest.mark.parametrize(
    ("deal", "subject", "expected"),
    [
        ("Mag 17", "loss Class A/B", "mag-17-loss-class-a-b.png"),
        ("../../etc", "paths", "etc-paths.png"),
        ("Größe\0", "CON", "gr-e-con.png"),
        ("x" * 300, "y", "x" * 60 + ".png"),
    ],
)
def test_file_names_are_safe(deal: str, subject: str, expected: str) -> None:
    """Letters and digits of any deal, joined by hyphens, short enough for every file system."""
    assert file_name(deal, subject) == expected


def test_subjects_of_the_same_name_keep_their_own_files(
    tmp_path: Path, bare: SimulationRecord, record: SimulationRecord
) -> None:
    """Two classes that differ in punctuation only do not overwrite each other."""
    deal = record.tranches
    assert deal is not None
    losing = next(one for one in deal.losses if one.counts.sum())
    twins = tuple(replace(losing, subject=name) for name in ("A 1", "A-1"))
    only_losses = replace(bare, tranches=replace(deal, losses=twins, test_names=(), equity_irr=None,
                                                 breach_probability=deal.breach_probability[:0]))  # fmt: skip

    names = [path.name for path in write_plots(tmp_path, only_losses)]
    assert "demo-1-loss-a-1.png" in names
    assert "demo-1-2-loss-a-1.png" in names


def test_a_dollar_in_a_name_is_a_dollar(tmp_path: Path, bare: SimulationRecord, record: SimulationRecord) -> None:
    """Names are texts, not formulas of the plotting library."""
    name, deal = r"Fund $\frac$ 1", record.tranches
    assert deal is not None
    deal = replace(deal, names=(name,) * len(deal.names), test_names=(name,) * len(deal.test_names), losses=())
    written = write_plots(tmp_path, replace(bare, deal=name, tranches=deal))

    assert written[0].name == "fund-frac-1-cumulative-default-rate.png"


def test_one_period_is_enough(tmp_path: Path) -> None:
    """The shortest simulation, one period and one path, is drawn without a complaint."""
    assert len(write_plots(tmp_path, made_up_simulation(n_simulations=1, n_periods=1, has_tranches=False))) > 5


def test_a_plot_that_fails_leaves_the_older_file(
    tmp_path: Path, bare: SimulationRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up half-way leaves no half-written file: CLO-2069, the old picture stays."""
    old = write_plots(tmp_path, bare)[0]
    before = old.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)

    with pytest.raises(InputError, match="CLO-2069"):
        write_plots(tmp_path, bare)
    assert old.read_bytes() == before
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png"] * 3


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, bare: SimulationRecord) -> None:
    """A place that cannot hold files: CLO-2069 with its name."""
    place = tmp_path / "taken"
    place.write_text("")

    with pytest.raises(InputError, match=r"CLO-2069: The plots cannot be written, at .*taken"):
        write_plots(place, bare)


def test_without_matplotlib_the_command_to_install_it_is_named(
    tmp_path: Path, bare: SimulationRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is optional: CLO-2068 says how to get it, and nothing is made."""
    find: Callable[..., object] = importlib.util.find_spec
    monkeypatch.setattr(plots, "find_spec", lambda name: None if name == "matplotlib" else find(name))

    with pytest.raises(InputError, match=r"CLO-2068: .* Run pip install 'clodesk\[plots\]'\."):
        write_plots(tmp_path / "none", bare)
    assert not (tmp_path / "none").exists()


def test_a_record_that_does_not_fit_is_refused(tmp_path: Path, bare: SimulationRecord) -> None:
    """The same check as for the workbook: CLO-2067."""
    with pytest.raises(InputError, match="CLO-2067"):
        write_plots(tmp_path, replace(bare, figures=bare.figures[:, 1:]))
