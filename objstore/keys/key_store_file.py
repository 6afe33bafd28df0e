"""The file of a key store: the wrapped keys of one encrypted store, and for whom they are wrapped.

    objstore key store
    format 1
    domain 32 hex digits
    sequence number
    passphrase argon2id passes P kib K salt 32 public 64 box 160            (none or one)
    member public 64 box 160 name JSON text                                 (any number, by public key)
    ids nonce 48 wrapped 96
    key EPOCH nonce 48 wrapped 96                                           (one or more, oldest first)
    mac 64
    sum 32
    end

All in hex digits. `mac` is keyed by what is wrapped, so that nobody else can add a member; `sum` finds damage before
there is a key. Encoding and decoding alone. Bytes: docs/format/encryption.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, InvalidValue
from objstore.keys.domain_key import MAX_EPOCH
from objstore.keys.passphrase import MAX_KIB, MAX_PASSES, Cost
from objstore.objects.hashing import checksum
from objstore.objects.kinds import Domain

MAX_KEY_STORE_BYTES: Final = 1 << 20
MAX_NAME: Final = 100
_MAGIC: Final = b"objstore key store\nformat 1\n"
_END: Final = b"\nend\n"
_FORM: Final = re.compile(
    rb"objstore key store\nformat 1\n"
    rb"domain ([0-9a-f]{32})\n"
    rb"sequence ([1-9][0-9]{0,17})\n"
    rb"(?:passphrase (argon2id passes [1-9][0-9]? kib [1-9][0-9]{0,6} salt [0-9a-f]{32}"
    rb" public [0-9a-f]{64} box [0-9a-f]{160})\n)?"
    rb'((?:member public [0-9a-f]{64} box [0-9a-f]{160} name "[ -~]{1,1200}"\n)*)'
    rb"ids (nonce [0-9a-f]{48} wrapped [0-9a-f]{96})\n"
    rb"((?:key [1-9][0-9]{0,9} nonce [0-9a-f]{48} wrapped [0-9a-f]{96}\n)+)"
    rb"mac ([0-9a-f]{64})\nsum ([0-9a-f]{32})\nend\n"
)


class Wrap(NamedTuple):
    """A key (32 bytes) sealed by another: 24 bytes of nonce, 48 of ciphertext with its tag."""

    nonce: bytes
    sealed: bytes


class PassphraseSlot(NamedTuple):
    """The root in a sealed box (80 bytes) for the public key whose secret half is a passphrase stretched with 16 bytes
    of salt, at this cost: so who has opened the store can seal for the passphrase without knowing it."""

    cost: Cost
    salt: bytes
    public: bytes
    box: bytes


class Member(NamedTuple):
    """The root in a sealed box (80 bytes) for a public key (32 bytes), and whose that is."""

    public: bytes
    box: bytes
    name: str


class KeyStoreFile(NamedTuple):
    """What the file says, none of it verified. `keys` are by epoch; `mac` is 32 bytes over `body`."""

    domain: Domain
    sequence: int
    passphrase: PassphraseSlot | None
    members: tuple[Member, ...]
    ids: Wrap
    keys: tuple[tuple[int, Wrap], ...]
    mac: bytes

    def body(self) -> bytes:
        """What `mac` is over: every line before it. InvalidValue: a member's name that cannot be one."""
        lines = [f"domain {self.domain.hex()}", f"sequence {self.sequence}"]
        if self.passphrase is not None:
            (passes, kib), salt, public, box = self.passphrase
            work = f"argon2id passes {passes} kib {kib} salt {salt.hex()}"
            lines.append(f"passphrase {work} public {public.hex()} box {box.hex()}")
        for public, box, name in self.members:
            _check_name(name)
            lines.append(f"member public {public.hex()} box {box.hex()} name {json.dumps(name)}")
        lines.append(f"ids {_wrap_text(self.ids)}")
        lines += [f"key {epoch} {_wrap_text(wrap)}" for epoch, wrap in self.keys]
        return _MAGIC + "".join(f"{line}\n" for line in lines).encode("ascii")


def encode_key_store(held: KeyStoreFile) -> bytes:
    """The bytes of the file. InvalidValue: a member's name that cannot be one."""
    data = held.body() + f"mac {held.mac.hex()}\n".encode("ascii")
    return data + f"sum {checksum(data).hex()}\nend\n".encode("ascii")


def decode_key_store(data: bytes) -> KeyStoreFile:
    """What it says. CorruptObject: no key store, cut short, altered, or out of bounds."""
    if len(data) > MAX_KEY_STORE_BYTES:
        raise CorruptObject(None, f"a key store of {len(data)} bytes")
    found = _FORM.fullmatch(data)
    if found is None:
        if _MAGIC.startswith(data) or (data.startswith(_MAGIC) and not data.endswith(_END)):
            raise CorruptObject(None, "a key store that is cut short")
        raise CorruptObject(None, "no key store of format 1")
    if checksum(data[: found.start(8) - len("sum ")]).hex().encode() != found[8]:
        raise CorruptObject(None, "a key store that was altered: its sum does not fit")
    text = [None if group is None else group.decode("ascii") for group in found.groups()]
    held = KeyStoreFile(
        Domain(bytes.fromhex(text[0] or "")),
        int(text[1] or 0),
        _slot(text[2]),
        tuple(map(_member, (text[3] or "").splitlines())),
        _wrap((text[4] or "").split(" ")),
        tuple(_key(line.split(" ")) for line in (text[5] or "").splitlines()),
        bytes.fromhex(text[6] or ""),
    )
    _check(held)
    if _canonical(held) != data:
        raise CorruptObject(None, "a key store in another than its canonical form")
    return held


def _canonical(held: KeyStoreFile) -> bytes:
    try:
        return encode_key_store(held)
    except InvalidValue:
        raise CorruptObject(None, "a key store with a member whose name is none") from None


def _check(held: KeyStoreFile) -> None:
    """CorruptObject: what no writer wrote."""
    epochs = [epoch for epoch, _ in held.keys]
    publics = [member.public for member in held.members]
    if epochs != sorted({*epochs}) or epochs[-1] > MAX_EPOCH:
        raise CorruptObject(None, "a key store whose keys are out of order")
    if publics != sorted({*publics}):
        raise CorruptObject(None, "a key store whose members are out of order")
    if held.passphrase is not None:
        passes, kib = held.passphrase.cost
        if passes > MAX_PASSES or kib > MAX_KIB:
            raise CorruptObject(None, f"a key store that asks for {held.passphrase.cost}")
    if held.passphrase is None and not held.members:
        raise CorruptObject(None, "a key store that nobody can open")


def _check_name(name: str) -> None:
    printable = name.isprintable() and name == name.strip()
    if not printable or not 1 <= len(name) <= MAX_NAME:
        raise InvalidValue("name", f"has to be one line of 1 to {MAX_NAME} characters, without a space at its ends")


def _wrap_text(wrap: Wrap) -> str:
    return f"nonce {wrap.nonce.hex()} wrapped {wrap.sealed.hex()}"


def _wrap(words: list[str]) -> Wrap:
    _, nonce, _, sealed = words
    return Wrap(bytes.fromhex(nonce), bytes.fromhex(sealed))


def _slot(text: str | None) -> PassphraseSlot | None:
    if text is None:
        return None
    _, _, passes, _, kib, _, salt, _, public, _, box = text.split(" ")
    cost = Cost(int(passes), int(kib))
    return PassphraseSlot(cost, bytes.fromhex(salt), bytes.fromhex(public), bytes.fromhex(box))


def _member(line: str) -> Member:
    _, _, public, _, box, _, name = line.split(" ", 6)
    read: Callable[[str], object] = json.loads
    try:
        return Member(bytes.fromhex(public), bytes.fromhex(box), str(read(name)))
    except ValueError:
        raise CorruptObject(None, "a key store with a member whose name is no JSON text") from None


def _key(words: list[str]) -> tuple[int, Wrap]:
    return int(words[1]), _wrap(words[2:])
