"""The world: every source must agree, and each process takes its share of the machine."""

import json
import os
import subprocess
import sys
import types

import pytest

from hfaug.engine import World, device, launched, run, world
from hfaug.engine.world import cores, thread_settings
from hfaug.errors import WorldError
from tests.engine import toy

MODULE = sys.modules["hfaug.engine.world"]


def torch(*numbers):
    return dict(zip(("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"), map(str, numbers), strict=True))


TORCH = torch(1, 2, 1, 2)
ACCELERATE = {"ACCELERATE_MIXED_PRECISION": "no"}
MPI = {
    "OMPI_COMM_WORLD_RANK": "3",
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
}
SPAWNED = {
    "HFAUG_RANK": "0",
    "HFAUG_WORLD_SIZE": "3",
    "HFAUG_LOCAL_RANK": "0",
    "HFAUG_LOCAL_WORLD_SIZE": "3",
}


@pytest.fixture
def environment(monkeypatch):
    """Sets variables after all that launchers know were removed, and keeps this process's threads as they are."""
    known = [name for names in MODULE._FAMILIES.values() for name in names]
    for name in [*known, *MODULE._THREADS, "MASTER_ADDR", "ACCELERATE_MIXED_PRECISION", "ACCELERATE_USE_CPU"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setattr(MODULE, "_share_cores", lambda _: None)
    monkeypatch.setattr(MODULE, "cores", lambda: 8)
    monkeypatch.delitem(sys.modules, "accelerate.state", raising=False)

    def put(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize(
    "variables, expected, wanted",
    [
        ({}, None, World(threads=8)),
        ({}, 1, World(threads=8)),
        (TORCH, None, World(1, 2, 1, 2, 4, "launched")),
        (TORCH, 2, World(1, 2, 1, 2, 4, "launched")),
        ({**TORCH, **ACCELERATE}, 2, World(1, 2, 1, 2, 4, "launched")),
        (torch(0, 1, 0, 1), 1, World(0, 1, 0, 1, 8, "launched")),
        ({"RANK": "5", "WORLD_SIZE": "8"}, 8, World(5, 8, 5, 8, 1, "launched")),
        (torch(9, 16, 1, 8), 16, World(9, 16, 1, 8, 1, "launched")),
        (MPI, 4, World(3, 4, 1, 2, 4, "Open MPI")),
        ({"PMI_RANK": "0", "PMI_SIZE": "2"}, 2, World(0, 2, 0, 2, 4, "MPI")),
        (SPAWNED, 3, World(0, 3, 0, 3, 2, "hfaug")),
        ({**SPAWNED, **TORCH}, 3, World(0, 3, 0, 3, 2, "hfaug")),
        (ACCELERATE, None, World(threads=8)),
        ({**ACCELERATE, "MASTER_ADDR": "127.0.0.1"}, 1, World(threads=8)),
    ],
)  # fmt: skip
def test_worlds_that_agree(variables, expected, wanted, environment):
    """Every launcher's variables, with and without the number asked for."""
    environment(**variables)
    assert world(expected) == wanted


def test_a_command_that_starts_no_processes_does_not_advise_it(environment):
    """As `hfaug fit`: `hfaug build` would be another command."""
    environment(**ACCELERATE, MASTER_ADDR="127.0.0.1")
    with pytest.raises(WorldError, match="accelerate launch --multi_gpu") as error:
        world(spawns=False)
    assert "hfaug build" not in str(error.value)
    assert "--processes" not in str(error.value)


@pytest.mark.parametrize(
    "variables, expected, words",
    [
        ({}, 2, "2 processes were asked for, 1 runs (plain)"),
        (TORCH, 1, "1 processes were asked for, 2 run (launched)"),
        (TORCH, 3, "3 processes were asked for, 2 run (launched)"),
        (SPAWNED, 2, "2 processes were asked for, 3 run (hfaug)"),
        (ACCELERATE, 2, "accelerate launch --cpu starts one process, whatever --num_processes says"),
        (
            {**ACCELERATE, "MASTER_ADDR": "127.0.0.1"},
            None,
            "accelerate was asked for several processes and started one",
        ),
        ({**ACCELERATE, "MASTER_ADDR": "127.0.0.1"}, 2, "ACCELERATE_USE_CPU=true accelerate launch --multi_gpu"),
        ({"RANK": "0"}, None, "must set both RANK and WORLD_SIZE, WORLD_SIZE is missing"),
        ({"WORLD_SIZE": "2"}, None, "must set both RANK and WORLD_SIZE, RANK is missing"),
        ({**TORCH, "RANK": "2"}, None, "ranks must lie below their sizes, got rank 2 of 2"),
        ({**TORCH, "RANK": "-1"}, None, "got rank -1 of 2"),
        ({**TORCH, "LOCAL_RANK": "2"}, None, "local rank 2 of 2"),
        ({**TORCH, "LOCAL_WORLD_SIZE": "4"}, None, "local rank 1 of 4"),
        ({**TORCH, "WORLD_SIZE": "two"}, None, "WORLD_SIZE must be a whole number, got 'two'"),
        ({**TORCH, "WORLD_SIZE": ""}, None, "WORLD_SIZE must be a whole number, got ''"),
    ],
)
def test_worlds_that_disagree(variables, expected, words, environment):
    """Each contradiction is an error that says what was found and what to do."""
    environment(**variables)
    with pytest.raises(WorldError) as error:
        world(expected)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "variables, says, error",
    [
        (TORCH, (2, 1), None),
        (TORCH, (1, 0), "PartialState says 0 of 1"),
        (TORCH, (2, 0), "PartialState says 0 of 2"),
        ({}, (2, 1), "the environment says rank 0 of 1, PartialState says 1 of 2"),
        ({}, (1, 0), None),
        (SPAWNED, (1, 0), None),
    ],
)
def test_accelerate_must_see_the_same_world(variables, says, error, environment, monkeypatch):
    """Two processes that each believe to be alone are an error; ours are alone in Accelerate's eyes, on purpose."""

    class PartialState:
        _shared_state = {"there": True}  # noqa: RUF012
        num_processes, process_index = says

    environment(**variables)
    monkeypatch.setitem(sys.modules, "accelerate.state", types.SimpleNamespace(PartialState=PartialState))
    if error is None:
        world()
    else:
        with pytest.raises(WorldError, match=error):
            world()


@pytest.mark.parametrize(
    "variables, found", [({}, False), (TORCH, True), (MPI, True), (SPAWNED, True), (ACCELERATE, True)]
)
def test_launched_processes_are_known(variables, found, environment):
    environment(**variables)
    assert launched() is found


@pytest.mark.parametrize(
    "variables, local_size, threads",
    [
        ({}, 1, 8),
        ({"OMP_NUM_THREADS": "3"}, 1, 3),
        ({}, 2, 4),
        ({}, 100, 1),
        ({"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "none"}, 2, 4),
        ({"OMP_NUM_THREADS": "2", "TORCHELASTIC_RUN_ID": "none"}, 2, 2),
        ({"OMP_NUM_THREADS": "6"}, 2, 4),
        ({"OMP_NUM_THREADS": "many"}, 2, 4),
    ],
)
def test_the_share_of_cores(variables, local_size, threads, environment):
    """An equal share, less where the user says so; the 1 that launchers write by themselves is not the user's."""
    environment(**variables)
    assert MODULE._threads(local_size, os.environ) == threads


def test_what_the_user_said_about_threads_stays():
    assert "MKL_NUM_THREADS" not in thread_settings(2, {"MKL_NUM_THREADS": "5"})
    assert set(thread_settings(2, {}).values()) == {"2"}
    assert 1 <= cores() <= os.cpu_count()


def test_the_device_without_a_gpu_or_with_more_processes_than_gpus(environment, monkeypatch, caplog):
    """One GPU per local rank; processes share them in turn when there are more, and it is said."""
    import torch

    assert device(World()) == World().device() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [device(World(rank, 3, rank, 3)) for rank in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert "3 processes share 2 GPUs" in caplog.text
    environment(ACCELERATE_USE_CPU="true")
    assert device(World()) == "cpu"


def test_a_launcher_that_starts_more_processes_than_gpus_is_found_out(environment, monkeypatch):
    """Accelerate gives each its own; only processes of our own may share."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    environment(**TORCH, MASTER_ADDR="127.0.0.1")
    with pytest.raises(WorldError, match="it started 2 on a machine with 1"):
        world()


PROGRAM = """
import json, os, sys
from hfaug.engine import world
from hfaug.errors import WorldError
try:
    here = world(json.loads(sys.argv[1]))
except WorldError as error:
    sys.exit(f"WorldError: {error}")
import hfaug.engine, threadpoolctl
said = {"rank": here.rank, "size": here.size, "local": here.local_rank}
said |= {"threads": here.threads, "launcher": here.launcher}
said["torch"] = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None
said["accelerate"] = "accelerate" in sys.modules
if said["accelerate"]:
    from accelerate import PartialState
    said["state"] = [PartialState().process_index, PartialState().num_processes, PartialState().device.type]
said["blas"] = max([pool["num_threads"] for pool in threadpoolctl.threadpool_info()], default=0)
said["opencv"] = os.environ.get("OPENCV_FOR_THREADS_NUM")
print("SAID " + json.dumps(said), flush=True)
"""


def clean(**variables):
    """This process's environment without what a launcher around the tests may have set."""
    known = {name for names in MODULE._FAMILIES.values() for name in names} | set(MODULE._THREADS)
    kept = {
        name: value for name, value in os.environ.items() if name not in known and not name.startswith("ACCELERATE_")
    }
    return {**kept, "PYTHONPATH": os.getcwd(), **variables}


def launch(tmp_path, *launcher, expected=None, **variables):
    """Run the program under a launcher; exit code, what the processes said by rank, and all output."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, *launcher, str(program), json.dumps(expected)]
    done = subprocess.run(command, env=clean(**variables), check=False, capture_output=True, text=True, timeout=100)
    # Two processes may write into one line.
    said = [json.JSONDecoder().raw_decode(text)[0] for text in done.stdout.split("SAID ")[1:]]
    return done.returncode, sorted(said, key=lambda each: each["rank"]), done.stdout + done.stderr


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ACCELERATE_LAUNCH = ("-m", "accelerate.commands.launch")
PLAIN = ("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no")


def test_one_plain_process_needs_neither_torch_nor_accelerate(tmp_path):
    """Nothing heavy is even imported; it works where they are not installed."""
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "for name in ('torch', 'accelerate'): sys.modules[name] = None\n"
        "from hfaug.engine import device, world\n"
        "print(world(1), device(world()))\n"
    )
    done = subprocess.run([sys.executable, str(program)], env=clean(), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("rank 0 of 1 (plain, ")
    assert done.stdout.endswith(" cpu\n")


@pytest.mark.parametrize(
    "launcher",
    [
        TORCHRUN,
        (*ACCELERATE_LAUNCH, "--multi_gpu", "--num_processes", "2", "--main_process_port", "0", *PLAIN),
    ],
)
def test_two_processes_of_a_real_launcher_see_each_other_and_share_the_cores(launcher, tmp_path):
    """Environment, Accelerate and the number asked for agree; torch, BLAS and OpenCV get half of the machine each."""
    code, said, output = launch(tmp_path, *launcher, expected=2, ACCELERATE_USE_CPU="true")
    assert code == 0, output
    share = max(1, cores() // 2)
    for rank, each in enumerate(said):
        assert (each["rank"], each["size"], each["local"], each["launcher"]) == (rank, 2, rank, "launched")
        assert each["state"] == [rank, 2, "cpu"]
        assert each["threads"] == each["torch"] == share
        assert each["blas"] <= share
        assert each["opencv"] == str(share)
    assert len(said) == 2


def test_a_run_under_a_real_launcher_makes_the_bytes_of_one_process(tmp_path):
    """Two ranks of torchrun, each with a share of the units."""
    run(toy.plan()["result"], tmp_path / "alone", progress=False)
    (tmp_path / "all").mkdir()
    command = [sys.executable, *TORCHRUN, "-m", "tests.engine.toy", str(tmp_path / "all")]
    done = subprocess.run(
        command, env=clean(TOY_EXPECTED="2"), check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert toy.contents(tmp_path / "all") == toy.contents(tmp_path / "alone")
    assert set(toy.attempts(tmp_path / "all").values()) == {1}
    assert len(list((tmp_path / "all" / "reports").iterdir())) == 2


@pytest.mark.parametrize("expected", [None, 2])
def test_accelerate_launch_cpu_that_quietly_starts_one_process_is_found_out(expected, tmp_path):
    """Also without --processes: the launcher's own variables give it away."""
    launcher = (*ACCELERATE_LAUNCH, "--cpu", "--num_processes", "2", *PLAIN)
    code, said, output = launch(tmp_path, *launcher, expected=expected)
    assert code != 0
    assert said == []
    assert "accelerate launch --cpu starts one process, whatever --num_processes says" in output
    assert "ACCELERATE_USE_CPU=true accelerate launch --multi_gpu" in output


def test_a_launcher_that_starts_other_numbers_than_asked_for_is_found_out(tmp_path):
    code, said, output = launch(tmp_path, *TORCHRUN, expected=3)
    assert code != 0
    assert said == []
    assert "3 processes were asked for, 2 run (launched)" in output


def test_one_process_of_accelerate_launch_is_one_process(tmp_path):
    launcher = (*ACCELERATE_LAUNCH, "--cpu", "--num_processes", "1", *PLAIN)
    code, said, output = launch(tmp_path, *launcher, expected=1)
    assert code == 0, output
    assert [(each["rank"], each["size"], each["accelerate"]) for each in said] == [(0, 1, False)]
