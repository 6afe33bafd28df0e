"""Canonical msgpack: all use of msgpack, with every option of it.

Two encodings share the wire format and nothing else. `encode_value` is for people's JSON-like data: the order of keys
is part of the value, floats are allowed, bytes are not. `encode_fields` is for structures of ours: an array of sorted,
fixed fields, bytes allowed, floats not. For both there is exactly one encoding of each value, decoders refuse every
other (`encode(decode(b)) == b`), are bounded before they allocate, and turn every error of the library into
CorruptObject. Bytes: docs/format/objects.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NoReturn, Protocol, TypeAlias, cast

from msgpack import ExtType, Packer, Unpacker, unpackb  # pyright: ignore[reportUnknownVariableType]
from msgpack.exceptions import UnpackException

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.values import MAX_DEPTH, MAX_INT_BYTES, JsonValue, int_size, plain

Field: TypeAlias = "bool | int | str | bytes | list[Field] | dict[str, Field] | None"
"""What structures of ours are made of. Integers have 64 bits; text is well-formed Unicode."""

MAX_VALUE_BYTES: Final = 64 << 20
MAX_FIELD_DEPTH: Final = 8

_BIG_INT = 1  # The extension type of integers beyond 64 bits.
_SCAN_ABOVE = 1 << 12  # Above this many bytes a decoder looks before it leaps; see _scan.
_KEEP_BUFFER = 1 << 18  # A packer keeps its buffer, so one that held more than this is not used again.
_LIBRARY_ERRORS = (ValueError, TypeError, OverflowError, RecursionError, UnpackException)
_FIELD_SCALARS = frozenset({type(None), bool, int, str, bytes})

_EMPTY_BYTES = re.compile(rb"\xc4\x00").search
_NOT_FINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]").search


class _Packer(Protocol):
    def pack(self, value: object, /) -> bytes: ...


class _Unpacker(Protocol):
    def feed(self, data: bytes, /) -> None: ...
    def skip(self) -> None: ...


# msgpack comes without types.
_new_packer = cast("Callable[..., _Packer]", Packer)
_new_unpacker = cast("Callable[..., _Unpacker]", Unpacker)
_from_bytes = cast("Callable[..., object]", unpackb)

_packers: list[_Packer] = []


def encode_value(value: object, name: str = "value") -> bytes:
    """The canonical bytes of a JSON-like value; `name` begins the path in errors.

    Subclasses of str, int, float, list and any Mapping are stored as what they are made of.
    InvalidValue: not JSON (see values.plain), or over MAX_VALUE_BYTES.
    """
    if _LIBRARY_IS_BOUNDED:
        try:
            data = _pack(value)
            _unpack(data)  # Refuses what packs but is not JSON: bytes, extension types, keys that are not text.
        except _LIBRARY_ERRORS:
            return _encode_slowly(value, name)
        if len(data) <= MAX_VALUE_BYTES and not _doubtful(data):
            return data
    return _encode_slowly(value, name)


def decode_value(data: bytes) -> JsonValue:
    """The value, fresh and in exact types. CorruptObject: not the canonical bytes of any value."""
    if len(data) > MAX_VALUE_BYTES:
        raise CorruptObject(None, f"a value of {len(data)} bytes; at most {MAX_VALUE_BYTES} are allowed")
    if _LIBRARY_IS_BOUNDED:
        try:
            value = _unpack(data)
            if _pack(value) == data and not _doubtful(data):
                return cast("JsonValue", value)
        except _LIBRARY_ERRORS:
            return _decode_slowly(data)
    return _decode_slowly(data)


def encode_fields(fields: Sequence[Field]) -> bytes:
    """The canonical bytes of a structure of ours. InvalidValue: a field of a type that structures do not have."""
    settled = _settle(fields, 1)
    try:
        return _pack(settled)
    except _LIBRARY_ERRORS as error:
        raise InvalidValue("fields", f"cannot be encoded: {error}") from None


def encode_flat_fields(fields: Sequence[Field]) -> bytes:
    """As `encode_fields`, of fields that the caller has checked: scalars, lists of scalars, and empty maps."""
    return _pack(fields)


def decode_fields(data: bytes, limit: int) -> list[Field]:
    """The fields of a structure of at most `limit` bytes. CorruptObject: not their canonical bytes."""
    if len(data) > limit:
        raise CorruptObject(None, f"a structure of {len(data)} bytes; at most {limit} are allowed")
    try:
        if len(data) > _SCAN_ABOVE:
            _scan(data)
        fields = _from_bytes(data, strict_map_key=True, max_ext_len=0, ext_hook=_no_extension)
        canonical = _pack(fields) == data
    except _LIBRARY_ERRORS as error:
        raise CorruptObject(None, f"not a structure: {error}") from None
    if type(fields) is not list or not canonical:
        raise CorruptObject(None, "not an array of fields in its canonical encoding")
    _check_fields(cast("list[object]", fields), 1)
    return cast("list[Field]", fields)


def _pack(value: object) -> bytes:
    # Packers are neither thread-safe nor re-entrant and cost 2 µs to make: each is owned while it is off the list.
    # One that failed is dropped. list.pop and list.append are atomic.
    try:
        packer = _packers.pop()
    except IndexError:
        packer = _new_packer(strict_types=True, buf_size=1 << 13)
    data = packer.pack(value)
    if len(data) <= _KEEP_BUFFER:
        _packers.append(packer)
    return data


def _unpack(data: bytes) -> object:
    if len(data) > _SCAN_ABOVE:
        _scan(data)
    return _from_bytes(data, strict_map_key=True, max_bin_len=0, max_ext_len=0, ext_hook=_no_extension)


def _scan(data: bytes) -> None:
    """Walk over the bytes without building anything, and find that they hold as many items as they announce.

    The library allocates an array of the announced length, up to the length of the data, on each level of nesting:
    without this, 16 KiB of nested empty promises cost 100 MB and a tenth of a second, 1 MiB eight gigabytes.
    """
    unpacker = _new_unpacker(max_buffer_size=len(data))
    unpacker.feed(data)
    unpacker.skip()


def _doubtful(data: bytes) -> bool:
    """Whether packed data may hold what packs and unpacks without complaint but is not JSON: b"", NaN, infinity."""
    # The search for one byte is memchr, twenty times as fast as the pattern and mostly enough.
    return (b"\xc4" in data and _EMPTY_BYTES(data) is not None) or (b"\xcb" in data and _NOT_FINITE(data) is not None)


def _encode_slowly(value: object, name: str) -> bytes:
    data = _pack_exactly(plain(value, name))
    if len(data) > MAX_VALUE_BYTES:
        raise InvalidValue(name, f"takes {len(data)} bytes; at most {MAX_VALUE_BYTES} are kept in one event")
    return data


def _decode_slowly(data: bytes) -> JsonValue:
    try:
        if len(data) > _SCAN_ABOVE:
            _scan(data)
        value = _from_bytes(
            data,
            strict_map_key=True,
            max_bin_len=0,
            max_ext_len=MAX_INT_BYTES + 1,  # The library counts the type's byte.
            ext_hook=_int_from_extension,
            unicode_errors="surrogatepass",
        )
        if _pack_exactly(plain(value)) != data:
            raise CorruptObject(None, "a value in another than its canonical encoding")
    except InvalidValue as error:
        raise CorruptObject(None, f"not a JSON value: {error}") from None
    except _LIBRARY_ERRORS as error:
        raise CorruptObject(None, f"not a value: {error}") from None
    return cast("JsonValue", value)


def _pack_exactly(value: JsonValue) -> bytes:
    # `surrogatepass` makes text six times as slow to pack, so that only the slow path has it.
    packer = _new_packer(strict_types=True, unicode_errors="surrogatepass", default=_int_to_extension, buf_size=1 << 13)
    return packer.pack(value)


def _int_to_extension(value: object) -> ExtType:
    if type(value) is not int:
        raise TypeError(f"cannot pack {type(value).__name__}")
    return ExtType(_BIG_INT, value.to_bytes(int_size(value), "big", signed=True))


def _int_from_extension(code: int, data: bytes) -> int:
    if code != _BIG_INT:
        raise ValueError(f"extension type {code}")
    return int.from_bytes(data, "big", signed=True)


def _no_extension(code: int, _data: bytes) -> NoReturn:
    raise ValueError(f"extension type {code}")


def _settle(fields: Iterable[Field], depth: int) -> list[Field]:
    """The same fields with the keys of maps in order."""
    return [field if type(field) in _FIELD_SCALARS else _settle_nested(field, depth + 1) for field in fields]


def _settle_nested(field: Field, depth: int) -> Field:
    if depth > MAX_FIELD_DEPTH:
        raise InvalidValue("fields", f"are nested more than {MAX_FIELD_DEPTH} levels deep")
    if type(field) is list:
        return field if _FIELD_SCALARS.issuperset(map(type, field)) else _settle(field, depth)
    if type(field) is dict and not field:
        return field
    if type(field) is dict and all(type(key) is str for key in field):
        return dict(zip(keys := sorted(field), _settle([field[key] for key in keys], depth), strict=True))
    raise InvalidValue("fields", f"hold {type(field).__name__}, which structures do not have")


def _check_fields(fields: Iterable[object], depth: int) -> None:
    if depth > MAX_FIELD_DEPTH:
        raise CorruptObject(None, f"a structure nested more than {MAX_FIELD_DEPTH} levels deep")
    for field in fields:
        kind = type(field)
        if kind in _FIELD_SCALARS:
            continue
        if kind is list:
            _check_fields(cast("list[object]", field), depth + 1)
        elif kind is dict:
            mapping = cast("dict[object, object]", field)
            if mapping and not _has_sorted_keys(mapping):
                raise CorruptObject(None, "a structure with keys that are not text in order")
            _check_fields(mapping.values(), depth + 1)
        else:
            raise CorruptObject(None, f"a structure that holds {kind.__name__}")


def _has_sorted_keys(mapping: dict[object, object]) -> bool:
    keys = list(mapping)
    return all(type(key) is str for key in keys) and keys == sorted(cast("list[str]", keys))


def _library_is_bounded() -> bool:
    """Whether msgpack itself refuses what is one level too deep, as 1.2 does; if not, everything is walked."""
    attempts: tuple[Callable[[], object], ...] = (
        lambda: _from_bytes(b"\x91" * MAX_DEPTH + b"\x90"),
        lambda: _from_bytes(b"\x81\xa0" * MAX_DEPTH + b"\x80"),
    )
    for attempt in attempts:
        try:
            attempt()
        except _LIBRARY_ERRORS:
            continue
        return False
    return True


_LIBRARY_IS_BOUNDED: Final = _library_is_bounded()
