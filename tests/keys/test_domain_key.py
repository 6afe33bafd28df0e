from __future__ import annotations

import copy
import pickle

import pytest

from objstore.keys.domain_key import MAX_EPOCH, DomainKey
from objstore.objects.kinds import Domain

DOMAIN = Domain(b"d" * 16)
ROOT = bytes(range(32))


def test_the_name_of_a_key_follows_from_domain_epoch_and_key_alone() -> None:
    assert DomainKey(DOMAIN, 1, ROOT).name == DomainKey(DOMAIN, 1, ROOT).name
    others = [DomainKey(Domain(b"e" * 16), 1, ROOT), DomainKey(DOMAIN, 2, ROOT), DomainKey(DOMAIN, 1, ROOT[::-1])]
    prints = {key.name.fingerprint for key in (DomainKey(DOMAIN, 1, ROOT), *others)}
    assert len(prints) == 4
    assert DomainKey(DOMAIN, 1, ROOT) == DomainKey(DOMAIN, 1, ROOT) != others[2]


def test_what_is_derived_is_neither_the_key_nor_its_fingerprint() -> None:
    key = DomainKey(DOMAIN, 1, ROOT)
    assert len({key.root, key.derived("secrets"), key.name.fingerprint + key.name.fingerprint}) == 3
    assert key.derived("secrets") == key.derived("secrets")


def test_a_key_is_never_shown_nor_pickled() -> None:
    key = DomainKey(DOMAIN, 1, ROOT)
    for text in (repr(key), str(key), f"{key}", str(key.name), key.name.short):
        assert ROOT.hex()[:16] not in text
        assert repr(ROOT)[2:10] not in text
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)


@pytest.mark.parametrize(
    ("domain", "epoch", "root"),
    [(b"d" * 15, 1, ROOT), (DOMAIN, 0, ROOT), (DOMAIN, MAX_EPOCH + 1, ROOT), (DOMAIN, 1, ROOT + b"x")],
)
def test_what_is_no_key_is_refused(domain: bytes, epoch: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="a key has"):
        DomainKey(Domain(domain), epoch, root)
