"""What all events of a run have in common."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, tag_field="event", kw_only=True):
    """One JSON object a line, told apart by its `event`; `at` are the seconds since the child began."""

    at: float = 0.0
