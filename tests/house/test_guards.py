"""Tests reach nothing but this machine, and leave a developer's caches and tokens alone."""

import os
import socket
import tempfile

import pytest


def test_another_machine_cannot_be_reached():
    with socket.socket() as client, pytest.raises(RuntimeError, match="may only reach this machine"):
        client.connect(("192.0.2.1", 80))


def test_the_name_of_another_machine_cannot_be_looked_up():
    with pytest.raises(RuntimeError, match=r"this one wanted example\.com"):
        socket.getaddrinfo("example.com", 443)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_loopback_can_be_reached(name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((name, server.getsockname()[1]), timeout=5).close()


def test_caches_are_those_of_this_run():
    import datasets
    import huggingface_hub

    folders = [datasets.config.HF_CACHE_HOME, huggingface_hub.constants.HF_HOME]
    assert {os.path.dirname(folder) for folder in folders} == {tempfile.gettempdir()}


def test_no_token_and_no_hub():
    import huggingface_hub

    assert huggingface_hub.get_token() is None
    assert huggingface_hub.constants.ENDPOINT == "http://127.0.0.1:9"


def test_no_launcher_left_its_mark():
    """A test run started by a launcher must not make hfaug believe it is one of several processes."""
    assert not {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR"} & set(os.environ)
