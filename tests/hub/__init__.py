"""A small Hub-compatible server for tests: the real client talks to it over loopback, and it fails on request."""

from tests.hub.faults import Fault, Faults, Rule
from tests.hub.server import HubServer
from tests.hub.state import READ_ONLY, READER, WRITER, Repo, State

__all__ = ["READER", "READ_ONLY", "WRITER", "Fault", "Faults", "HubServer", "Repo", "Rule", "State"]
