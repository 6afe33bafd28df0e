"""The values of channels in the events of checkpoints: what is new in full, what is not by reference.

A form is one of
    "text", ["type", "text"]                  a serialized value (raw.to_json)
    {"as": id}                                what the channel was in the last checkpoint `id` before
    {"items": [item, …]}                      a list of serialized items
    {"from": id, "items": [item | run, …]}    the same, with runs [start, stop] of the list that the channel was in `id`
    {"type", "file": path}                    bytes too many for an event: a file of the same commit, kept in chunks

References go to where a value really stands, so that one that never changes is one step away however old it is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, cast

from objstore.adapters.langgraph.raw import Raw, Typed, apply, difference, from_json, size_of, to_json
from objstore.adapters.langgraph.reading import Events
from objstore.adapters.names import encode_name
from objstore.errors import CorruptObject
from objstore.objects.values import JsonValue

Forms: TypeAlias = dict[str, JsonValue]
NumberBefore: TypeAlias = Callable[[str, str, int], "int | None"]

LARGE = 64 << 10
"""Bytes of a value in one piece from which on it is a file."""

_NAMESPACES_KEPT = 16
_STEP = 64  # Of a chain of lists every so many are kept, to go on from.
_LISTS_KEPT = 128


_NOTHING: JsonValue = {}


class Known(NamedTuple):
    """A channel's value, and the checkpoint whose event it stands in: id and number."""

    origin: str
    number: int
    raw: Raw


_NONE: tuple[int, dict[str, Known]] = (-1, {})


class Plan(NamedTuple):
    """How the values of a new checkpoint will stand in its event; `shared` are those that stand elsewhere as they are."""

    forms: Forms
    files: dict[str, bytes]
    shared: dict[str, Known]


class Channels:
    """Reads and writes the forms of one thread. For one thread of the process at a time."""

    def __init__(self, events: Events, number_before: NumberBefore) -> None:
        """`number_before(ns, id, number)`: the event of the last checkpoint `id` before event `number`."""
        self._events = events
        self._number_before = number_before
        self._latest: OrderedDict[str, tuple[int, dict[str, Known]]] = OrderedDict()
        self._lists: OrderedDict[tuple[int, str], list[Typed]] = OrderedDict()

    # Writing

    def plan(self, ns: str, values: Mapping[str, Raw], base: int | None) -> Plan:
        """The forms of a checkpoint's values, beside the checkpoint in event `base`, with the files to write."""
        plan = Plan({}, {}, {})
        for channel, raw in values.items():
            known = None if base is None else self.known(base, channel)
            if known is not None and known.raw == raw:
                plan.shared[channel] = known
                plan.forms[channel] = {"as": self._reference(ns, known, cast("int", base))}
            elif isinstance(raw, list):
                plan.forms[channel] = self._list_form(ns, raw, known, base)
            elif size_of(raw) > LARGE:
                path = f"langgraph/{encode_name(ns)}/{encode_name(channel)}"
                plan.files[path] = raw[1]
                plan.forms[channel] = {"type": raw[0], "file": path}
            else:
                plan.forms[channel] = to_json(raw)
        return plan

    def _list_form(self, ns: str, raw: list[Typed], known: Known | None, base: int | None) -> JsonValue:
        if known is None or not isinstance(known.raw, list):
            return {"items": [to_json(item) for item in raw]}
        reference = self._reference(ns, known, cast("int", base))
        return {"from": reference, "items": difference(known.raw, raw)}

    def _reference(self, ns: str, known: Known, base: int) -> str:
        """The id to name for a value: where it stands, unless a later checkpoint took that id."""
        if self._number_before(ns, known.origin, self._events.count) == known.number:
            return known.origin
        return cast("str", self._events[base]["id"])

    def keep(self, ns: str, checkpoint_id: str, number: int, values: Mapping[str, Raw], plan: Plan) -> None:
        """Have the values of a checkpoint that became event `number` at hand for the next."""
        own = {channel: Known(checkpoint_id, number, raw) for channel, raw in values.items()}
        self._remember(ns, number, own | plan.shared)

    def newest(self) -> dict[str, tuple[int, dict[str, Known]]]:
        """What is at hand by namespace: the event of its newest checkpoint, and its values. Not to be changed."""
        return dict(self._latest)

    def resume(self, newest: Mapping[str, tuple[int, dict[str, Known]]]) -> None:
        """Go on from what `newest` gave in another process."""
        self._latest.update(newest)

    def _remember(self, ns: str, number: int, channels: dict[str, Known]) -> None:
        self._latest[ns] = (number, channels)
        self._latest.move_to_end(ns)
        if len(self._latest) > _NAMESPACES_KEPT:
            self._latest.popitem(last=False)

    # Reading

    def follow(self, number: int, event: Forms) -> None:
        """Have the values of a checkpoint that others put, as far as they follow from those at hand: nothing is read."""
        ns, own = cast("str", event["ns"]), cast("str", event["id"])
        _, before = self._latest.get(ns, _NONE)
        found: dict[str, Known] = {}
        for channel, form in cast("Forms", event["values"]).items():
            if not isinstance(form, dict):
                found[channel] = Known(own, number, from_json(form))
                continue
            old, named = before.get(channel), form.get("as", form.get("from"))
            if "items" in form and named is None:
                found[channel] = Known(own, number, apply([], cast("list[JsonValue]", form["items"])))
            elif old is not None and old.origin == named:
                if "as" in form:
                    found[channel] = old
                elif isinstance(old.raw, list):
                    # The list is used up; nobody else has it, and the value that it was goes out of reach here.
                    found[channel] = Known(own, number, apply(old.raw, cast("list[JsonValue]", form["items"])))
        self._remember(ns, number, found)

    def values(self, number: int) -> dict[str, Raw]:
        """The raw values of the checkpoint in an event. They are shared: not to be changed."""
        event = self._events[number]
        ns, forms = cast("str", event["ns"]), cast("Forms", event["values"])
        found = {channel: known for channel in forms if (known := self.known(number, channel)) is not None}
        if ns not in self._latest or self._latest[ns][0] < number:
            self._remember(ns, number, found)
        return {channel: known.raw for channel, known in found.items()}

    def known(self, number: int, channel: str) -> Known | None:
        """A channel of the checkpoint in an event, or None if it had none."""
        for kept, channels in self._latest.values():
            if kept == number and channel in channels:
                return channels[channel]
        event = self._events[number]
        form = cast("Forms", event["values"]).get(channel, _NOTHING)
        if form is _NOTHING:
            return None
        if isinstance(form, dict) and "as" in form:
            number, event = self._named(event, number, form["as"])
        return Known(cast("str", event["id"]), number, self._raw(number, channel))

    def _named(self, event: dict[str, JsonValue], number: int, checkpoint_id: JsonValue) -> tuple[int, Forms]:
        """The event that a form of another refers to. CorruptObject: it is not there."""
        ns, wanted = cast("str", event["ns"]), cast("str", checkpoint_id)
        found = self._number_before(ns, wanted, number)
        if found is None:
            raise CorruptObject(None, f"checkpoint {event['id']} takes a value from {wanted}, which is not before it")
        return found, self._events[found]

    def _raw(self, number: int, channel: str) -> Raw:
        """A value that stands in an event, in full or as a change of others."""
        chain: list[tuple[int, list[JsonValue]]] = []
        base: list[Typed] = []
        while True:
            kept = self._lists.get((number, channel))
            if kept is not None:
                base = kept.copy()
                break
            event = self._events[number]
            form = cast("Forms", event["values"])[channel]
            if not isinstance(form, dict):
                return from_json(form)
            if "file" in form:
                return cast("str", form["type"]), self._events.file(number, cast("str", form["file"]))
            if "as" not in form:
                chain.append((number, cast("list[JsonValue]", form["items"])))
                if "from" not in form:
                    break
            number, _ = self._named(event, number, form.get("as", form.get("from")))
        for step, (at, parts) in enumerate(reversed(chain), 1):
            base = apply(base, parts)
            if step % _STEP == 0:
                self._keep_list(at, channel, base)
        return base

    def _keep_list(self, number: int, channel: str, items: list[Typed]) -> None:
        self._lists[number, channel] = items.copy()
        if len(self._lists) > _LISTS_KEPT:
            self._lists.popitem(last=False)
