"""Questions of many that begin at the same moment, asked together: whoever asks during one is in the next, with the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """``answer``: of all keys at once; those that it leaves out are answered by None.

    ``apart``: of the keys for which it gives the same, only one is asked for at a time.
    """

    def __init__(
        self, answer: Callable[[Sequence[K]], Coroutine[Any, Any, Mapping[K, V]]], apart: Callable[[K], Hashable]
    ) -> None:
        self._answer, self._apart = answer, apart
        self._wanted: dict[K, asyncio.Future[V | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        found = self._wanted.setdefault(key, asyncio.get_running_loop().create_future())
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(found)

    async def _ask(self) -> None:
        while self._wanted:
            one_each = {self._apart(key): key for key in self._wanted}
            futures = {key: self._wanted.pop(key) for key in one_each.values()}
            try:
                answers = await self._answer(list(futures))
            except Exception as e:  # noqa: BLE001 - whatever it is, who asked shall hear of it
                for future in futures.values():
                    future.set_exception(e)
            else:
                for key, future in futures.items():
                    future.set_result(answers.get(key))
        self._asking = None
