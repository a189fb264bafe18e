"""The half of a database that accounts for searches: kept receipts, replays, metrics."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import _core
from .errors import InvalidArgument


class ReceiptMethods:
    """Methods of ``Database`` that account for searches."""

    _handle: _core.Database

    def receipts(
        self,
        since: datetime | None = None,
        document: str | None = None,
        label: str | None = None,
        slower_than_ms: float | None = None,
        limit: int | None = 100,
        *,
        until: datetime | None = None,
        collection: str | None = None,
        stage: str | None = None,
        outcome: str | None = None,
    ) -> list[_core.KeptReceipt]:
        """Receipts that are kept, newest first; those of all searches that ended before the call.

        Args:
            since: At or after this time (aware, or naive and meant as UTC).
            document: A hit is of this document.
            label: The label given to the search.
            slower_than_ms: The whole took longer or, with ``stage``, that stage.
            limit: At most so many, the newest; None: all.
            until: Before this time.
            collection: Name of the collection, dropped ones included.
            stage: It has a stage of this name: ``"lexical"``.
            outcome: ``"ok"``, ``"empty"`` or ``"degraded"`` (a deadline cut it).

        Raises:
            InvalidArgument: There is no such outcome.
        """
        return self._handle.receipts(
            since, until, collection, document, label, stage, outcome, slower_than_ms, limit
        )

    def receipt(self, id: str) -> _core.KeptReceipt:
        """The kept receipt of this id.

        Raises:
            NotFound: It was not kept, or went with the limits.
            InvalidArgument: That is no id of a receipt.
        """
        return self._handle.receipt(id)

    def export_receipts(self, path: str | os.PathLike[str], **criteria: Any) -> int:
        """Writes kept receipts to a file, one JSON document a line, newest first.

        Args:
            path: The file; it is replaced.
            **criteria: Those of ``receipts``; without ``limit`` all.

        Returns:
            How many were written.
        """
        found = self.receipts(**{"limit": None, **criteria})
        with open(path, "w", encoding="utf-8") as file:
            for receipt in found:
                file.write(receipt.to_json() + "\n")
        return len(found)

    def annotate(
        self,
        receipt_id: str,
        prompt: str | None = None,
        response: str | None = None,
        usage: Mapping[str, Any] | None = None,
        rating: float | None = None,
    ) -> None:
        """Notes with a kept receipt what was done with the answer.

        What is None stays as it was noted before.

        Args:
            receipt_id: ``hits.receipt.id`` of a search with ``receipt="keep"``.
            prompt: At most 1 MiB.
            response: At most 1 MiB.
            usage: Whatever is counted: tokens, cost, model.
            rating: A number.

        Raises:
            NotFound: The receipt is not kept.
            InvalidArgument: Nothing is given, or prompt or response for a redacted receipt.
            ReadOnly: The database was opened for reading.
        """
        self._handle.annotate(
            receipt_id, prompt, response, None if usage is None else dict(usage), rating
        )

    def replay(self, receipt_id: str, at: str = "now") -> _core.Replay:
        """Runs the search of a kept receipt again, and says of each difference why.

        It is run without the deadline of then, and is not kept. An exact search beside it is the
        referee of what an approximate one missed.

        Args:
            receipt_id: Of a receipt that is kept and not redacted.
            at: ``"now"``; ``"receipt"``, the data that the search saw, as long as the collection
                was not written since or a snapshot holds them; or a snapshot's name.

        Returns:
            ``Replay``: the hits that are the same, added, removed, moved; their scores; and a cause
            for each that is not what it was.

        Raises:
            NotFound: The receipt, its collection or the snapshot; the data of then was released.
            Unsupported: The receipt is redacted.
            Conflict: The collection is written all the time; replay on a snapshot.
        """
        return self._handle.replay(receipt_id, at)

    def why(self, receipt_id: str, chunk_id: str) -> _core.LostChunk:
        """Why a chunk is not among the hits of a kept receipt: which stage lost it, by which rule.

        Looks at the data that the search saw or, where they are gone, at those of now, and says
        which. Costs up to three exact searches.

        Raises:
            NotFound, Unsupported: As ``replay``.
        """
        return self._handle.why(receipt_id, chunk_id)

    def metrics(self, format: str = "dict") -> Any:
        """Figures since the database was opened by this process; no writer holds them up.

        Args:
            format: ``"dict"``; ``"prometheus"``: text for a scraper.

        Returns:
            A dict: ``queries`` by collection and outcome, ``latencies`` by collection and stage
            with percentiles in microseconds (within 1.6 %), ``collections``, ``receipts_kept``,
            ``receipts_dropped``, ``commit``, ``disk_bytes``, ``snapshots``,
            ``oldest_snapshot_seconds``, ``build``, ``kernels``. Searches with ``receipt="off"`` are
            not in them.

        Raises:
            InvalidArgument: There is no such format.
        """
        if format == "prometheus":
            return self._handle.metrics_prometheus()
        if format != "dict":
            raise InvalidArgument(f"format: expected 'dict' or 'prometheus', got {format!r}")
        return json.loads(self._handle.metrics_json())

    def receipt_policy(self) -> _core.ReceiptPolicy:
        """Which receipts are kept besides those that searches ask for, and for how long."""
        return self._handle.receipt_policy()

    def set_receipt_policy(
        self,
        *,
        sample_one_in: int | None = None,
        slow_ms: float | None = None,
        redact: bool | None = None,
        max_age_seconds: int | None = None,
        max_count: int | None = None,
        max_bytes: int | None = None,
    ) -> _core.ReceiptPolicy:
        """Changes the policy of receipts; it is stored. What is None stays as it is.

        Args:
            sample_one_in: Keeps one of so many searches with ``receipt="summary"``, and all that
                are slow, found nothing, or were cut by a deadline. 0 (the default): none of them.
            slow_ms: From here on a search is slow; 0 (the default): none is.
            redact: Keeps neither queries nor filters nor hits; such receipts cannot be replayed.
            max_age_seconds: Older ones go, by default after 30 days; 0: never.
            max_count: More than these go, the oldest first, by default 100,000; 0: no limit.
            max_bytes: The same for their size before compression, by default 256 MiB.

        Returns:
            The policy in force.

        Raises:
            InvalidArgument, ReadOnly, StorageError.
        """
        return self._handle.set_receipt_policy(
            sample_one_in, slow_ms, redact, max_age_seconds, max_count, max_bytes
        )
