"""A study on a machine that shares nothing with the one that steers but the store."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from harness.base.errors import StoreError
from harness.base.progress import Silent
from harness.base.store import Store, open_store
from harness.data import load_all
from harness.pipeline.afar import Afar, afar
from harness.pipeline.engine.engine import Job
from harness.pipeline.shared import share
from harness.pipeline.site import FIT, StudySite
from harness.spec import Study, checked
from tests.onnx_files import cnn
from tests.s3 import S3


def site_of(folder: Path, store: Store) -> StudySite:
    """A study of one ONNX file, whose data is in a folder of this machine."""
    cnn(folder / "net.onnx")
    network = {"model": str(folder / "net.onnx")}
    study = checked(Study, {"name": "afar", "data": {"limit": 100, "resize": [8, 8]}, "networks": [network]}, "study")
    data = folder / "data"
    data.mkdir()
    share(load_all(case.data for case in study.cases()), data)
    kept = store.referred_by("afar", study.model_dump(mode="json"))
    return StudySite(study.cases(), kept, "cpu", study.measure, study.export, False, data)


def sent(site: StudySite) -> Afar:
    """As another machine receives it, where there is nothing of what was here."""
    told = pickle.dumps(afar(site))
    shutil.rmtree(site.data)
    for case in site.cases:
        Path(case.model).unlink()
    found = pickle.loads(told)
    assert isinstance(found, Afar)
    return found


def test_data_and_networks_come_through_the_store_and_go_on_there(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One machine takes the network over, another exports it; the one that steers finds both."""
    monkeypatch.chdir(tmp_path)
    steering = open_store(s3.address, cache=Path("here"))
    site = sent(site_of(tmp_path, steering))
    case = site.site.cases[0]
    made = []
    for machine in ("there", "elsewhere"):
        monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / machine))
        do = site.open(Silent())
        shape = do(Job(FIT, (case,)))
        job = Job("export", (case, made[0]), shape) if made else Job("train", (case,), shape)
        made.append(do(job))
        assert (tmp_path / machine) in made[-1].folder.parents
    assert steering.bring(made[1]).path("model.onnx").read_bytes()
    assert Path("here") in steering.bring(made[1]).folder.parents


def test_a_machine_with_another_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not the same there: one line, before anything is done."""
    monkeypatch.chdir(tmp_path)
    site = sent(site_of(tmp_path, Store(Path("store"))))
    assert site.site.store.root == tmp_path / "store"
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StoreError) as missing:
        site.open(Silent())
    assert str(missing.value) == (
        f"{tmp_path / 'store'}: has no {site.carried.name} on this machine; give every machine the same store, such as "
        "--store s3://BUCKET/FOLDER"
    )
