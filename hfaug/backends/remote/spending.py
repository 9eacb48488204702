"""What was bought, and what was had for nothing because it was bought before."""

from __future__ import annotations

import dataclasses
import threading

from hfaug.backends.remote.settings import RemoteSettings
from hfaug.errors import ModelError

__all__ = ["Ledger", "Spending"]


@dataclasses.dataclass(frozen=True)
class Spending:
    """What one process spent on one model.

    Args:
        bought: Answers that the endpoint gave.
        reused: Answers that were on disk.
        sent: Requests sent, those that failed included.
        tokens_in: Tokens of the prompts of what was bought, by the endpoint's count.
        tokens_out: Tokens of the answers that were bought.
        cost: Their price, in the user's currency; 0 where no price was given.
    """

    bought: int = 0
    reused: int = 0
    sent: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0


class Ledger:
    """Counts spending, from several threads.

    Args:
        who: Who speaks in errors.
        settings: Prices, and what may be spent.
    """

    def __init__(self, who: str, settings: RemoteSettings) -> None:
        self._who, self._settings = who, settings
        self._lock = threading.Lock()
        self._promised = 0.0
        self.spending = Spending()

    def reuse(self) -> None:
        """An answer was on disk."""
        self._add(reused=1)

    def send(self) -> None:
        """A request goes out."""
        self._add(sent=1)

    def promise(self, tokens_in: int, tokens_out: int) -> float:
        """Set aside what a request may cost at most.

        Raises:
            ModelError: It could exceed what may be spent.
        """
        price = self._price(tokens_in, tokens_out)
        with self._lock:
            limit = self._settings.max_cost
            if limit is not None and self.spending.cost + self._promised + price > limit:
                raise ModelError(
                    f"{self._who}: a process may spend {limit:g}, {self.spending.cost:g} is spent and the next request "
                    "could exceed it; raise max_cost and run again: what was bought is kept"
                )
            self._promised += price
        return price

    def settle(self, promised: float, tokens: tuple[int, int] | None) -> None:
        """A request that was promised for ended: with these tokens, or without an answer."""
        with self._lock:
            self._promised -= promised
        if tokens is not None:
            self._add(bought=1, tokens_in=tokens[0], tokens_out=tokens[1], cost=self._price(*tokens))

    def _price(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self._settings.price_in + tokens_out * self._settings.price_out) / 1e6

    def _add(self, **more: float) -> None:
        with self._lock:
            before = dataclasses.asdict(self.spending)
            self.spending = Spending(**{**before, **{name: before[name] + value for name, value in more.items()}})
