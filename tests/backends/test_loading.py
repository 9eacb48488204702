"""Devices, number formats, silence, and what is said when a model cannot be loaded."""

import warnings

import pytest
import torch
import transformers

from hfaug.backends import registry
from hfaug.backends.loading import import_extra, loading, pick_device, pick_dtype, quiet
from hfaug.errors import MissingExtra, ModelError, ParameterError, WorldError
from tests import tiny_models


@pytest.fixture
def gpus(monkeypatch):
    """Pretends that there are two GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def test_without_a_gpu_it_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == "cpu"


@pytest.mark.parametrize(("rank", "device"), [(None, "cuda:0"), ("0", "cuda:0"), ("1", "cuda:1")])
def test_each_process_of_a_machine_has_its_own_gpu(gpus, monkeypatch, rank, device):
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    assert pick_device() == device
    assert pick_device("cuda") == device


def test_more_processes_than_gpus_is_an_error_not_a_shared_gpu(gpus, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(WorldError, match=r"process 2 found 2 GPU"):
        pick_device()


def test_accelerate_may_ask_for_the_cpu(gpus, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    assert pick_device() == "cpu"


def test_a_given_device_wins(gpus):
    assert pick_device("cpu") == "cpu"
    assert pick_device("cuda:1") == "cuda:1"
    with pytest.raises(ParameterError, match="'mps'"):
        pick_device("mps")


def test_the_cpu_computes_in_float32_and_a_gpu_in_16_bits(monkeypatch):
    assert pick_dtype(None, "cpu") == "float32"
    for has, dtype in ((True, "bfloat16"), (False, "float16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has, **_: has)
        assert pick_dtype(None, "cuda:0") == dtype
    assert pick_dtype("float16", "cpu") == "float16"
    with pytest.raises(ParameterError, match="'int8'"):
        pick_dtype("int8", "cpu")


def test_a_variable_says_the_number_format_where_nobody_else_does(monkeypatch):
    monkeypatch.setenv("HFAUG_DTYPE", "bfloat16")
    assert pick_dtype(None, "cpu") == pick_dtype(None, "cuda:0") == "bfloat16"
    assert pick_dtype("float32", "cuda:0") == "float32"
    monkeypatch.setenv("HFAUG_DTYPE", "")
    assert pick_dtype(None, "cpu") == "float32"
    monkeypatch.setenv("HFAUG_DTYPE", "int8")
    with pytest.raises(ParameterError, match="was 'int8'"):
        pick_dtype(None, "cpu")


def test_a_model_runs_in_the_number_format_of_the_variable(monkeypatch, tmp_path):
    """And what is known of it before it is loaded counts with that format."""
    folder = str(tiny_models.causal(tmp_path / "tiny"))
    assert registry.facts("language_model", folder)["determinism"] == "row"
    monkeypatch.setenv("HFAUG_DTYPE", "bfloat16")
    assert registry.facts("language_model", folder)["determinism"] == "request"
    model = registry.language_model(folder, device="cpu")
    assert model.settings["dtype"] == "bfloat16"
    assert registry.facts("language_model", folder)["settings"] == model.settings
    monkeypatch.delenv("HFAUG_DTYPE")
    assert registry.language_model(folder, device="cpu").settings["dtype"] == "float32"
    registry.unload("language_model")


def test_a_missing_package_is_named_with_its_extra():
    with pytest.raises(MissingExtra, match=r"hfaug\[lm\]"):
        import_extra("no_such_package_at_all", "lm")


def test_a_package_that_lacks_one_of_its_own_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_package_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_at_all") as caught:
        import_extra("half_installed", "lm")
    assert not isinstance(caught.value, MissingExtra)


def test_silence_is_local():
    log = transformers.utils.logging
    log.set_verbosity_warning()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tests forbid the Hub client's bars, and it says so
        log.enable_progress_bar()
    with quiet("transformers"):
        assert not log.is_progress_bar_enabled()
        assert log.get_verbosity() == log.ERROR
        warnings.warn("Recommended: pip install sacremoses.", stacklevel=1)
    assert log.is_progress_bar_enabled()
    assert log.get_verbosity() == log.WARNING


def test_an_error_tells_its_deepest_known_reason():
    with pytest.raises(ModelError, match="org/model: must fit into memory"), loading("org/model"):
        raise OSError("Can't load the model. Many lines\nfollow") from MemoryError()


def test_an_unknown_error_is_quoted_in_one_line():
    with (
        pytest.raises(ModelError, match=r"at revision 'v1', was not: ValueError: Unrecognized model; check") as caught,
        loading("org/model", "v1"),
    ):
        raise ValueError("Unrecognized model\nShould have a `model_type` key")
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_gpu_in_a_forked_process_is_explained():
    with pytest.raises(WorldError, match="num_proc=1"), loading("org/model"):
        raise RuntimeError("Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, ...")


def test_errors_of_our_own_pass_as_they_are():
    with pytest.raises(ParameterError, match=r"^mine$"), loading("org/model"):
        raise ParameterError("mine")
