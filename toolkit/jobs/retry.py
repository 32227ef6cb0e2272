"""When a failed attempt is followed by another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toolkit.errors import InvalidOption, ToolkitError

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with jitter, for failures that a retry can mend.

    Waits are in seconds: ``first_wait`` × 2ⁿ × (0.5 to 1.5), at most ``longest_wait``.
    """

    attempts: int = 3
    first_wait: float = 2.0
    longest_wait: float = 300.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidOption(f"attempts={self.attempts}: at least 1 is needed")

    def wait(self, attempt: int, error: ToolkitError, *, dice: Callable[[], float]) -> float | None:
        """Seconds until the next attempt, or None to give up.

        *attempt* is the number of the one that failed, from 1; *dice* gives a number in [0, 1).
        """
        if not error.retryable or attempt >= self.attempts:
            return None
        # The exponent is bounded before the power, so that no attempt count overflows a float.
        backoff = self.first_wait * 2.0 ** min(attempt - 1, 60)
        return min(self.longest_wait, backoff * (0.5 + dice()))
