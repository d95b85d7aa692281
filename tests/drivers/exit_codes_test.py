"""Exit code 4 and its neighbours: stores that are busy, corrupt, newer, absent, or none; rejects beyond what is allowed."""

import pathlib
import re
import shutil
import struct
import subprocess

from program import DONE, DRIVER, GROUPS_OF_COMMANDS, NO, REJECTS, STORE, USAGE, ProgramTest, environment, main, seen

STORE_COMMANDS = [
    ["show", "crm:c1"],
    ["why", "crm:c1", "crm:c2"],
    ["why-not", "crm:c1", "crm:c2"],
    ["how", "crm:c1"],
    ["neighbours", "crm:c1"],
    ["path", "crm:c1", "crm:c2"],
    ["attribution", "--conversion", "order"],
    ["together", "--event", "order"],
    ["growth"],
    ["funnel", "view", "order"],
    ["retention"],
    ["repurchase", "--within", "90d"],
    ["campaign", "list"],
    ["campaign", "enrol", "spring"],
    ["campaign", "report", "spring"],
    ["reach", "crm:c1"],
    ["groups"],
    ["held"],
    ["changes"],
    ["export"],
    ["stats"],
    ["retract", "--source", "pos", "--record", "1"],
    ["advance", "2024-01-02"],
    ["verify"],
    ["checkpoint"],
    ["backup", "make", "--folder", "backups"],
    ["policy", "show"],
    ["policy", "diff", "policy.json"],
    ["policy", "simulate", "policy.json"],
    ["policy", "set", "policy.json"],
    ["ingest", "records.jsonl"],
]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc):
    """As RocksDB keeps a checksum beside the data that it is of."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def patch_header_version(log, version):
    """Rewrites the version byte of the row `header` in a RocksDB write-ahead log, and seals its record again."""
    data = bytearray(log.read_bytes())
    at = data.index(b"\x06header") + 8  # behind the key, and the length of the value
    start = 0
    while True:
        crc, size, kind = struct.unpack_from("<IHB", data, start)
        if start + 7 + size > at:
            break
        start += 7 + size
    assert (
        crc == masked(crc32c(data[start + 6 : start + 7 + size])) and kind == 1
    ), "this is not how RocksDB writes a log"
    data[at] = version
    struct.pack_into("<I", data, start, masked(crc32c(data[start + 6 : start + 7 + size])))
    log.write_bytes(data)


class ExitCodesTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.records = [seen(n, {"crm": f"c{n % 7}", "device": f"d{n % 11}"}) for n in range(50)]
        self.write_records("records.jsonl", self.records)

    def on_store(self, store, command, code):
        words = 2 if command[0] in GROUPS_OF_COMMANDS else 1
        return self.polyonym(*command[:words], "--db", store, *command[words:], code=code)

    def open_elsewhere(self, store):
        """A process of the program that has the store open until its input ends."""
        holder = subprocess.Popen(
            [DRIVER, "ingest", "--db", store, "--policy", self.policy, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.folder,
            env=environment(),
        )
        holder.stdin.write(b"\n" * (1 << 20))  # far more than a pipe holds: once it is through, the input is being read
        holder.stdin.flush()
        return holder

    def test_a_busy_store_is_left_alone_and_says_so(self):
        self.ingest("store", "records.jsonl")
        before = self.groups("store")
        holder = self.open_elsewhere(self.path("store"))
        try:
            for command in STORE_COMMANDS:
                with self.subTest(command=command):
                    self.assertIn("busy", self.on_store(self.path("store"), command, STORE).err)
        finally:
            out, _ = holder.communicate()
        self.assertIn(b'"records":0', out)
        self.assertEqual(self.groups("store"), before)

    def test_a_folder_that_is_no_store_is_left_alone(self):
        self.write("notes.txt", "mine")
        for command in STORE_COMMANDS:
            with self.subTest(command=command):
                self.on_store(str(self.folder), command, STORE)
        self.assertEqual(
            sorted(path.name for path in self.folder.iterdir()), ["notes.txt", "policy.json", "records.jsonl"]
        )

    def test_a_store_that_is_not_there_is_wrong_usage_and_is_not_made(self):
        for command in STORE_COMMANDS:
            if command[:2] == ["policy", "set"]:
                continue
            with self.subTest(command=command):
                self.assertIn("nowhere", self.on_store(self.path("nowhere"), command, USAGE).err)
        self.ingest("nowhere", "--policy", "records.jsonl", "records.jsonl", code=USAGE)
        self.assertFalse(pathlib.Path(self.path("nowhere")).exists())

    def test_a_store_of_a_newer_format_is_not_opened(self):
        holder = self.open_elsewhere(self.path("store"))
        holder.kill()  # so that everything is in RocksDB's log alone
        holder.communicate()
        (log,) = [path for path in pathlib.Path(self.path("store")).glob("*.log") if path.stat().st_size > 0]
        patch_header_version(log, 200)
        for command in STORE_COMMANDS:
            with self.subTest(command=command):
                self.assertIn("newer", self.on_store(self.path("store"), command, STORE).err)

    def test_a_byte_changed_in_a_table_or_in_the_manifest_is_noticed(self):
        self.ingest("store", "records.jsonl")
        self.polyonym("checkpoint", "--db", self.path("store"))
        right = {
            command: self.on_store(self.path("store"), [command], DONE).text
            for command in ("export", "groups", "verify")
        }
        kinds = [
            path
            for path in sorted(pathlib.Path(self.path("store")).iterdir())
            if re.match(r"MANIFEST|.*\.sst$", path.name)
        ]
        noticed = set()
        for path in kinds:
            whole = path.read_bytes()
            for at in (0, len(whole) // 4, len(whole) // 2):
                with self.subTest(file=path.name, at=at):
                    copy = self.path(f"{path.name}-{at}")
                    shutil.copytree(self.path("store"), copy)
                    pathlib.Path(copy, path.name).write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
                    if self.notices_or_is_right(copy, right):
                        noticed.add(path.suffix or "MANIFEST")
        self.assertEqual(noticed, {".sst", "MANIFEST"})

    def notices_or_is_right(self, store, right):
        """Whether the program notices that a store is broken. Where it does not, it must answer as if it were whole."""
        for command, text in right.items():
            done = subprocess.run(
                [DRIVER, command, "--db", store],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                check=False,
            )
            if done.returncode == STORE:
                self.assertIn(b"corrupt", done.stderr)
                return True
            self.assertEqual((done.returncode, done.stdout.decode()), (DONE, text))
        return False

    def test_records_rejected_beyond_what_is_allowed_are_exit_code_3(self):
        bad = self.write("bad.jsonl", '{"source":"pos"}\n' * 3 + self.folder.joinpath("records.jsonl").read_text())
        for allowed, code in ((0, REJECTS), (2, REJECTS), (3, DONE)):
            with self.subTest(allowed=allowed):
                answer = self.ingest(f"store{allowed}", "--max-rejects", allowed, bad, code=code)
                self.assertEqual((answer.row["rejected"], answer.row["applied"]), (3, 50))
                if code == REJECTS:
                    self.assertIn("3 of 53", answer.err)
                memory = self.polyonym(
                    "resolve", "--memory", "--policy", self.policy, "--max-rejects", allowed, bad, code=code
                )
                self.assertEqual(memory.out, self.polyonym("groups", "--db", self.path(f"store{allowed}")).out)

    def test_answers_of_no_are_exit_code_1(self):
        self.ingest("store", "records.jsonl")
        for command in (
            ["show", "crm:nobody"],
            ["why", "crm:c1", "crm:c2"],
            ["why", "crm:c1", "crm:nobody"],
            ["why-not", "crm:c1", "crm:c1"],
            ["how", "crm:nobody"],
            ["show", "p~zzz"],
        ):
            with self.subTest(command=command):
                self.on_store(self.path("store"), command, NO)
        other = self.write("other.json", '{"name":"other"}')
        self.polyonym("policy", "diff", self.policy, other, code=NO)

    def test_what_is_written_wrongly_is_wrong_usage(self):
        self.ingest("store", "records.jsonl")
        store = self.path("store")
        for command in (
            ["show", "nocolon"],
            ["show", "p~UPPER"],
            ["why", "crm:c1", "b c:1"],
            ["retract", "--source", "pos"],
            ["retract", "--source", "pos", "--from", "yesterday"],
            ["retract", "--source", "pos", "--record", "1", "--from", "0"],
            ["retract", "--source", "pos", "--from", "0", "--version", "1"],
            ["held", "--reason", "because"],
            ["ingest", "nofile"],
            ["ingest", "--batch", "0", "records.jsonl"],
            ["ingest", "--mapping", "nofile", "records.jsonl"],
            ["ingest", "--policy", "nofile", "records.jsonl"],
            ["ingest", "--rejects", "no/folder", "records.jsonl"],
            ["checkpoint", "--copy", store],
        ):
            with self.subTest(command=command):
                self.on_store(store, command, USAGE)
        self.polyonym("resolve", "--memory", "--db", store, "records.jsonl", code=USAGE)
        self.polyonym("resolve", "records.jsonl", code=USAGE)
        self.polyonym("resolve", "--memory", "records.jsonl", code=USAGE)


if __name__ == "__main__":
    main()
