"""Many requests to one endpoint: what is known is not asked, what fails is tried again, what was bought is kept."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from hfaug.backends.remote.answers import Answers
from hfaug.backends.remote.pacing import Pace
from hfaug.backends.remote.settings import RemoteSettings
from hfaug.backends.remote.spending import Ledger
from hfaug.backends.remote.wire import RefusedError, UnavailableError
from hfaug.errors import ModelError

__all__ = ["Asker", "Question", "Reply"]

_LONGEST_BACKOFF_S = 60.0
_MOST_TOLD = 500  # characters


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back.

    Args:
        answer: Plain JSON values, to be kept.
        tokens: Of prompt and answer, by the endpoint's count; None for what was not bought, which is not kept.
    """

    answer: Any
    tokens: tuple[int, int] | None


@dataclasses.dataclass(frozen=True)
class Question:
    """One request.

    Args:
        key: What it is, to the last parameter.
        send: Sends it once.
        tokens: About how many tokens the prompt has, and how many the answer may have.
    """

    key: str
    send: Callable[[], Reply]
    tokens: tuple[int, int]


class _StoppedError(Exception):
    """Another request failed for good; this one need not go on."""


class _GivenUpError(Exception):
    """A request was tried as often, or waited for as long, as it may be."""


class Asker:
    """Asks one endpoint.

    Args:
        who: The model, which speaks in errors.
        settings: How often and how long.
        answers: What was answered before.
        pace: Of the requests.
        ledger: Counts what is spent.
    """

    def __init__(self, who: str, settings: RemoteSettings, answers: Answers, pace: Pace, ledger: Ledger) -> None:
        self._who, self._settings, self._answers = who, settings, answers
        self._pace, self._ledger = pace, ledger

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """The answers, in the order of the questions, which all differ.

        Raises:
            ModelError: A request is refused, or failed as often as it may. What was answered by then is kept.
        """
        found = {question.key: self._answers.read(question.key) for question in questions}
        for answer in found.values():
            if answer is not None:
                self._ledger.reuse()
        # first what nobody is at, then what another process may be about to have
        for patient in (False, True):
            open_ones = [question for question in questions if found[question.key] is None]
            if open_ones:
                answers = self._ask_together(open_ones, patient=patient)
                found.update(zip((question.key for question in open_ones), answers, strict=True))
        return [found[question.key] for question in questions]

    def _ask_together(self, questions: Sequence[Question], *, patient: bool) -> list[Any]:
        """Answers, None where another process or thread is at it and this one is not ``patient``."""
        stop = threading.Event()
        with ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="hfaug-ask") as pool:
            futures = [pool.submit(self._ask_one, question, stop, patient=patient) for question in questions]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:  # also when the user interrupts: what is under way is let end, since it is paid for
                if not all(future.done() for future in futures):
                    stop.set()
                    pool.shutdown(wait=True, cancel_futures=True)
        errors = [future.exception() for future in futures if not future.cancelled()]
        for error in errors:
            if error is not None and not isinstance(error, _StoppedError):
                raise error
        return [future.result() for future in futures]

    def _ask_one(self, question: Question, stop: threading.Event, *, patient: bool) -> Any:
        with self._answers.claim(question.key, wait=patient) as mine:
            if not mine:
                return None
            known = self._answers.read(question.key)  # another process may just have ended
            if known is not None:
                self._ledger.reuse()
                return known
            reply = self._buy(question, stop)
            if reply.tokens is not None:
                self._answers.write(question.key, reply.answer)
            return reply.answer

    def _buy(self, question: Question, stop: threading.Event) -> Reply:
        promised = self._ledger.promise(*question.tokens)
        reply, failed = None, ""
        try:
            reply = self._try(question, stop)
        except RefusedError as error:
            failed = f"must take the request, refused it: {self._told(error)}; {_advice(error)}"
        except _GivenUpError as error:
            failed = f"{error}; run again later: what was answered is kept"
        finally:
            self._ledger.settle(promised, reply.tokens if reply else None)
        if reply is None:  # no longer in a handler: what is chained to an error is shown with it, and may hold the key
            raise ModelError(f"{self._who}: {failed}")
        return reply

    def _try(self, question: Question, stop: threading.Event) -> Reply:
        """Send until there is an answer."""

        def sleep(seconds: float) -> None:
            if stop.wait(seconds):
                raise _StoppedError

        guess, draw = sum(question.tokens), random.Random(question.key)
        began, tries, delays = self._pace.clock(), 0, 0
        while True:
            sent = self._pace.wait(guess, sleep)
            sleep(0)
            self._ledger.send()
            try:
                reply = question.send()
            except UnavailableError as error:
                delays += 1
                tries += error.wait_s is None  # to be told when to come back is no failure
                seconds = self._backoff(delays, error, draw)
                self._give_up(tries, max(began, self._pace.served), error)
                if error.is_busy:
                    self._pace.hold(error.wait_s or seconds, sent)
            else:
                self._pace.serve(guess, sum(reply.tokens) if reply.tokens else 0)
                return reply
            sleep(seconds)

    def _give_up(self, tries: int, served: float, error: UnavailableError) -> None:
        """Stop if a request was tried often enough, or put off for too long while the endpoint answered nobody."""
        patience = self._settings.patience_s
        if tries >= self._settings.tries:
            raise _GivenUpError(f"must answer, did not in {tries} tries, the last time: {self._told(error)}")
        if error.wait_s is not None and error.wait_s > patience:
            raise _GivenUpError(f"must be ready in {patience:g} s (patience_s), asks to wait {error.wait_s:g} s")
        if error.wait_s is not None and self._pace.clock() - served > patience:
            raise _GivenUpError(
                f"must be ready in {patience:g} s (patience_s), put off every request: {self._told(error)}"
            )

    def _told(self, error: Exception) -> str:
        """What an endpoint said, or what happened on the way; without the key, which some repeat."""
        return self._settings.hidden(str(error))[:_MOST_TOLD]

    def _backoff(self, attempt: int, error: UnavailableError, draw: random.Random) -> float:
        """Seconds until the next try: twice as long each time, and at least what the endpoint asks for."""
        own = min(_LONGEST_BACKOFF_S, self._settings.patience_s, 2.0 ** (attempt - 2)) * draw.uniform(0.75, 1.25)
        return max(own, error.wait_s or 0.0)


def _advice(error: RefusedError) -> str:
    if error.status in {401, 403}:
        return "check the key that token_variable names"
    if error.status == 402:
        return "check the account: what was bought is kept"
    if error.status == 404:
        return "check the address and the model's name"
    return "check the parameters"
