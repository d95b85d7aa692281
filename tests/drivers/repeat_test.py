"""The same input in other wrappings, again, and cut short: it always ends in the same state."""

import gzip
import shutil
import signal
import subprocess

from program import DRIVER, USAGE, ProgramTest, environment, lines, main, seen
from traffic import random_records

TWO_PEOPLE = [seen(1, {"crm": "c1"}), seen(2, {"crm": "c2"})]


class RepeatTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.records = random_records(seed=7, count=1500)
        self.plain = self.write_records("records.jsonl", self.records)
        self.first = self.ingest("first", self.plain).row
        self.expected = self.groups_of("first")

    def groups_of(self, store):
        return self.polyonym("groups", "--db", self.path(store)).out

    def test_the_same_records_in_another_wrapping_change_nothing(self):
        data = (self.folder / "records.jsonl").read_bytes()
        half = data.index(b"\n", len(data) // 2) + 1
        inputs = {
            "plain": data,
            "gzip": gzip.compress(data),
            "gzip of two members": gzip.compress(data[:half]) + gzip.compress(data[half:]),
        }
        if shutil.which("zstd"):
            inputs["zstd"] = self.zstd(data)
            inputs["zstd of two frames"] = self.zstd(data[:half]) + self.zstd(data[half:])
        else:
            print("skipped: no zstd here to compress a larger file with")
        for name, wrapped in inputs.items():
            with self.subTest(input=name):
                path = self.write("wrapped", wrapped)  # told by its bytes: the name says nothing
                for args, stdin in (([path], b""), (["-"], wrapped)):
                    row = self.ingest("first", *args, stdin=stdin).row
                    self.assertEqual(
                        (row["records"], row["applied"], row["held"], row["rejected"]), (len(self.records), 0, 0, 0)
                    )
                    self.assertEqual(row["sequence"], self.first["sequence"])
                memory = self.polyonym("resolve", "--memory", "--policy", self.policy, path)
                self.assertEqual(memory.out, self.expected)
        self.assertEqual(self.groups_of("first"), self.expected)

    @staticmethod
    def zstd(data):
        return subprocess.run(["zstd", "-c", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout

    def test_a_zstd_file_is_read_where_no_zstd_is_installed(self):
        # A frame with raw blocks: magic, no checksum, window of 1 KiB; then each block with its size and the last one marked.
        data = lines(TWO_PEOPLE).encode()
        blocks = [data[:40], data[40:]]
        frame = b"\x28\xb5\x2f\xfd\x00\x00"
        for n, block in enumerate(blocks):
            frame += (len(block) << 3 | (n == len(blocks) - 1)).to_bytes(3, "little") + block
        self.assertEqual(self.ingest("other", self.write("people.zst", frame)).row["applied"], 2)

    def test_a_compressed_file_that_is_cut_is_an_error_after_what_came_before(self):
        cuts = {"gzip": gzip.compress((self.folder / "records.jsonl").read_bytes())}
        if shutil.which("zstd"):
            cuts["zstd"] = self.zstd((self.folder / "records.jsonl").read_bytes())
        for name, whole in cuts.items():
            with self.subTest(kind=name):
                answer = self.ingest(name, self.write("cut", whole[: len(whole) // 2]), code=USAGE)
                self.assertRegex(answer.err, "cut: the (gzip|Zstandard) stream ends in the middle")
                self.ingest(name, self.write("whole", whole))
                self.assertEqual(self.groups_of(name), self.expected)

    def test_resolve_prints_what_ingest_and_groups_print(self):
        for args in ([], ["--min-size", "3"]):
            memory = self.polyonym("resolve", "--memory", "--policy", self.policy, *args, self.plain)
            stored = self.polyonym("groups", "--db", self.path("first"), *args)
            both = self.polyonym("resolve", "--db", self.path("first"), *args, self.plain)
            self.assertEqual(memory.out, stored.out)
            self.assertEqual(both.out, stored.out)
            self.assertTrue(memory.rows)

    def test_order_and_batches_are_no_matter(self):
        self.ingest("backwards", "--batch", 7, self.write_records("backwards.jsonl", self.records[::-1]))
        self.assertEqual(self.groups_of("backwards"), self.expected)
        self.assert_verified("backwards")

    def test_killed_anywhere_and_run_again_it_ends_in_the_same_state(self):
        # The program reads its input through a pipe that holds 64 KiB, so what was written says how far it is.
        data = lines(random_records(seed=8, count=10_000, people=1_500)).encode()
        self.ingest("whole", self.write("large.jsonl", data))
        expected = self.groups_of("whole")
        self.assertGreater(len(data), 1_000_000)
        partly = 0
        for n, durability in enumerate(["wal", "group", "sync"]):
            store = f"killed{n}"
            for upto in (n * len(data) // 7, len(data) // 2, len(data) - 1):
                self.kill_after(store, durability, data[:upto])
            stored = self.polyonym("stats", "--db", self.path(store)).row["records"]
            partly += 0 < stored < data.count(b"\n")
            with self.subTest(run=n, stored=stored):
                self.ingest(store, self.path("large.jsonl"))
                self.assertEqual(self.groups_of(store), expected)
                self.assert_verified(store)
        self.assertEqual(partly, 3, "the kills came in the middle")

    def kill_after(self, store, durability, data):
        """Writes the data to a run of `ingest`, which reads on in the hope of more, and kills it."""
        run = subprocess.Popen(
            [
                DRIVER,
                "ingest",
                "--db",
                self.path(store),
                "--policy",
                self.policy,
                "--batch",
                "100",
                "--durability",
                durability,
                "-",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=environment(),
        )
        run.stdin.write(data)
        run.stdin.flush()
        run.kill()
        self.assertEqual(run.wait(), -signal.SIGKILL)
        run.stdin.close()


if __name__ == "__main__":
    main()
