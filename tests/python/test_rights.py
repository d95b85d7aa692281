"""Erasing, sealing, backups and repair through Python: what C++'s tests show of them is not shown again."""

from __future__ import annotations

from pathlib import Path

import pytest

import polyonym

POLICY = {"namespaces": [{"name": "crm"}, {"name": "phone"}]}
LEDGER_KEY = b"sixteen bytes or more"
MASTER = bytes(range(32))


def shop(path: Path, **options: object) -> polyonym.Store:
    store = polyonym.open(path, policy=POLICY, **options)  # type: ignore[arg-type]
    store.apply([{"source": "pos", "id": str(i), "t": i, "ids": {"crm": f"C{i}", "phone": f"canary-{i}"}} for i in range(9)])
    return store


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_who_is_erased_is_in_no_file_and_does_not_come_back(tmp_path: Path) -> None:
    with shop(tmp_path / "shop") as store:
        assert store.erase(["phone:canary-3"], dry_run=True).erased_identifiers == 2
        assert len(store) == 9 and b"canary-5" in bytes_of(tmp_path / "shop")
        receipt = store.erase(["phone:canary-3", ("crm", "C5")])
        assert (receipt.erased_identifiers, receipt.removed_records, receipt.finished) == (4, 2, True)
        assert len(receipt.seal) == 32 and len(receipt.erasures) == 4 and all(len(e.hash) == 16 for e in receipt.erasures)
        late = store.apply({"source": "pos", "id": "late", "t": 99, "ids": {"phone": "canary-3"}})
        assert late.records[0].reason == "erased"
        store.lift_erasure("phone:canary-3")
        assert store.apply({"source": "pos", "id": "later", "t": 99, "ids": {"phone": "canary-3"}}).records[0].outcome == "applied"
        assert [e.hash for e in store.erasures()] != [] and len(store.erasures()) == 3
        assert store.verify().problems == []
        assert b"canary-5" not in bytes_of(tmp_path / "shop")


def test_a_ledger_is_replayed_on_a_restored_store(tmp_path: Path) -> None:
    with shop(tmp_path / "shop", erase_key=LEDGER_KEY) as store:
        backup = store.back_up(tmp_path / "backups")
        store.erase("crm:C1")
        ledger = store.erasures()
    assert [b.id for b in polyonym.list_backups(tmp_path / "backups")] == [backup.id]
    polyonym.verify_backup(tmp_path / "backups", backup.id)
    polyonym.restore_backup(tmp_path / "backups", backup.id, tmp_path / "again")
    with polyonym.open(tmp_path / "again", erase_key=LEDGER_KEY) as store:
        assert len(store) == 9
        assert store.replay_erasures(ledger).erased_identifiers == 2
        assert len(store) == 8 and store.erasures() == ledger
    with pytest.raises(polyonym.InvalidArgument):
        polyonym.drop_backups(tmp_path / "backups", keep=0)


def test_a_sealed_store_opens_with_its_key_alone(tmp_path: Path) -> None:
    shop(tmp_path / "shop", keys=MASTER).close()
    assert b"canary" not in bytes_of(tmp_path / "shop")
    with polyonym.open(tmp_path / "shop", keys=MASTER) as store:
        assert len(store) == 9
    with pytest.raises(polyonym.PermissionDenied):
        polyonym.open(tmp_path / "shop", keys=bytes(32))
    with pytest.raises(polyonym.FailedPrecondition):
        polyonym.open(tmp_path / "shop")
    with pytest.raises(polyonym.InvalidArgument):
        polyonym.open(tmp_path / "other", keys=b"short")


def test_a_sealed_store_takes_other_keys(tmp_path: Path) -> None:
    other = bytes(range(1, 33))
    seen = []
    with shop(tmp_path / "shop", keys=MASTER) as store:
        with pytest.raises(polyonym.InvalidArgument):
            store.rotate_keys()
        with pytest.raises(polyonym.InvalidArgument):
            store.rotate_keys(keys=b"short")
        store.rotate_keys(keys=other, new_data_key=True, reseal=True, progress=lambda rows, total: seen.append(rows))
        assert len(store) == 9 and store.verify().problems == []
    assert seen and seen == sorted(seen)
    with pytest.raises(polyonym.PermissionDenied):
        polyonym.open(tmp_path / "shop", keys=MASTER)
    with polyonym.open(tmp_path / "shop", keys=other) as store:
        assert len(store) == 9
    with shop(tmp_path / "plain") as store, pytest.raises(polyonym.FailedPrecondition):
        store.rotate_keys(keys=other)


def test_an_erasure_has_a_deadline_for_its_last_step(tmp_path: Path) -> None:
    with shop(tmp_path / "shop") as store:
        receipt = store.erase("crm:C1", finish_within_ms=3_600_000)
        assert receipt.finished and b"canary-1" not in bytes_of(tmp_path / "shop")
        store.erase("crm:C2", finish_within_ms=1)  # in time or not
        store.finish_erasing()
        assert b"canary-2" not in bytes_of(tmp_path / "shop")


def test_with_a_keyring_no_backup_has_who_was_erased(tmp_path: Path) -> None:
    sealed = {"keys": MASTER, "keyring": tmp_path / "keyring"}
    with shop(tmp_path / "shop", **sealed) as store:
        backup = store.back_up(tmp_path / "backups")
        store.erase("crm:C1")
    polyonym.restore_backup(tmp_path / "backups", backup.id, tmp_path / "again")
    with polyonym.open(tmp_path / "again", keys=MASTER, keyring=tmp_path / "keyring") as store:
        assert len(store) == 8 and [str(i) for i in store.members("crm:C2")] == ["crm:C2", "phone:canary-2"]
        with pytest.raises(polyonym.NotFound):
            store.members("crm:C1")
        assert store.verify().problems == []
    with pytest.raises(polyonym.FailedPrecondition):
        polyonym.open(tmp_path / "again", keys=MASTER)


def test_a_damaged_store_is_repaired(tmp_path: Path) -> None:
    shop(tmp_path / "shop").close()
    assert polyonym.check_rows(tmp_path / "shop") == []
    repaired = polyonym.repair(tmp_path / "shop", tmp_path / "mended")
    assert (repaired.records, repaired.lost_records, repaired.unsound) == (9, 0, [])
    with polyonym.open(tmp_path / "mended") as store:
        assert len(store) == 9


def test_sealed_stores_are_checked_repaired_and_restored_to_a_call_by_their_keys(tmp_path: Path) -> None:
    sealed = {"keys": MASTER, "keyring": tmp_path / "keyring"}
    with shop(tmp_path / "shop", **sealed) as store:
        backup = store.back_up(tmp_path / "backups")
    polyonym.restore_backup(tmp_path / "backups", backup.id, tmp_path / "again", up_to_sequence=1, **sealed)
    with polyonym.open(tmp_path / "again", **sealed) as store:
        assert len(store) == 0
    assert polyonym.check_rows(tmp_path / "shop", **sealed) == []
    assert polyonym.repair(tmp_path / "shop", tmp_path / "mended", **sealed).records == 9
    with polyonym.open(tmp_path / "mended", **sealed) as store:
        assert len(store) == 9
    for keys, error in ((None, polyonym.FailedPrecondition), (bytes(32), polyonym.PermissionDenied)):
        with pytest.raises(error):
            polyonym.check_rows(tmp_path / "shop", keys=keys)
        with pytest.raises(error):
            polyonym.repair(tmp_path / "shop", tmp_path / "other", keys=keys)
        with pytest.raises(error):
            polyonym.restore_backup(tmp_path / "backups", backup.id, tmp_path / "other", up_to_sequence=1, keys=keys)


def test_facts_are_kept_as_long_as_they_may_be() -> None:
    policy = {
        "namespaces": [{"name": "crm"}],
        "definitions": {"privacy": {"retentions": [{"field": "event:visit", "keep_ms": 60_000}]}},
    }
    with polyonym.open(policy=policy) as store:
        for at in (0, 100_000):
            store.apply({"source": "web", "id": str(at), "t": at, "ids": {"crm": "C1"}, "facts": {"events": [{"type": "visit"}]}})
        assert store.keep_only(120_000, dry_run=True).removed_facts == 1
        assert store.keep_only(120_000).removed_facts == 1
        assert store.keep_only(120_000).removed_facts == 0
