"""`ingest` of CSV by a mapping: columns, constants, lists, roles, facts, times, encodings, quoting, rejects."""

import datetime

from program import DONE, REJECTS, USAGE, ProgramTest, main

PLAIN = {
    "source": "till",
    "record_id": "{:line}",
    "time": {"value": "2024-05-01T08:00:00Z"},
    "identifiers": [{"namespace": "crm", "value": "{id}"}],
}


def instant(year, month, day, hour=0, minute=0, second=0, ms=0, offset_hours=0):
    zone = datetime.timezone(datetime.timedelta(hours=offset_hours))
    moment = datetime.datetime(year, month, day, hour, minute, second, ms * 1000, tzinfo=zone)
    return round(moment.timestamp() * 1000)


class CsvTest(ProgramTest):
    def take(self, csv, mapping, code=DONE, name="rows.csv", store="store"):
        """Ingests the CSV text (or bytes); keeps the row of counts in `self.counts`, and returns the records as exported."""
        how = ["--mapping", self.write_json("mapping.json", mapping), "--rejects", self.path("rejects.jsonl")]
        self.counts = self.ingest(store, *how, self.write(name, csv), code=code).row
        return self.polyonym("export", "--db", self.path(store)).rows

    def identifiers(self, record):
        if "identifiers" in record:
            return [(i["namespace"], i["value"], i.get("role", "ROLE_SELF")) for i in record["identifiers"]]
        listed = [
            (ns, value, role)
            for field, role in (("ids", "ROLE_SELF"), ("other", "ROLE_OTHER"))
            for ns, values in record.get(field, {}).items()
            for value in values
        ]
        return listed

    def rejected(self):
        return [(row["line"], row["field"], row["reason"]) for row in self.rejects("rejects.jsonl")]

    def assert_times(self, cases):
        """Each case: a cell, how the mapping reads it, and the milliseconds expected, or None where the row must be rejected."""
        for n, (cell, how, expected) in enumerate(cases):
            mapping = {**PLAIN, "record_id": str(n), "time": {"value": "{t}", **how}}
            how = ["--mapping", self.write_json("mapping.json", mapping), "--rejects", self.path("rejects.jsonl")]
            csv = self.write("time.csv", f'id,t\nc1,"{cell}"\n')
            row = self.ingest("times", "--max-rejects", 1, *how, csv).row
            with self.subTest(cell=cell, how=how):
                self.assertEqual(row["applied"], 0 if expected is None else 1)
                self.assertEqual(self.rejected(), [(2, "time", "bad_time")] if expected is None else [])
        times = {int(row["id"]): row["t"] for row in self.polyonym("export", "--db", self.path("times")).rows}
        for n, (cell, how, expected) in enumerate(cases):
            with self.subTest(cell=cell, how=how):
                self.assertEqual(times.get(n), expected)

    # ---- what a row becomes ----

    def test_columns_constants_lists_roles_and_scopes_become_identifiers(self):
        csv = (
            "no,app,open id,member,phones,inviter,note\n"
            "1,wx1,oA,17.0, 13800000001 ; 13800000002;,c9,x\n"
            "2,,oB,N/A,,,y\n"
            "3,wx2, ,c3,13800000003,N/A,z\n"
        )
        mapping = {
            "source": "mini/{app}",
            "record_id": "{:file}#{no}",
            "time": {"value": "2024-05-01T00:00:00Z"},
            "identifiers": [
                {"namespace": "openid/{app}", "value": "{open id}"},
                {"namespace": "crm", "value": "{member}", "strip_suffix": ".0"},
                {"namespace": "phone", "value": "{phones}", "list_separator": ";"},
                {"namespace": "crm", "value": "{inviter}", "role": "ROLE_OTHER"},
                {"namespace": "kind", "value": "a {{constant}}"},
            ],
            "dialect": {"empty": ["N/A"]},
        }
        names = ("openid", "crm", "phone", "kind")
        self.policy = self.write_json("policy.json", {"namespaces": [{"name": name} for name in names]})
        records = self.take(csv, mapping, code=REJECTS)
        self.assertEqual(self.rejected(), [(3, "source", "missing_source")])  # a source that names an empty cell
        first, third = records
        self.assertEqual((first["source"], first["id"]), ("mini/wx1", "rows.csv#1"))
        self.assertEqual(
            sorted(self.identifiers(first)),
            [
                ("crm", "17", "ROLE_SELF"),
                ("crm", "c9", "ROLE_OTHER"),
                ("kind", "a {constant}", "ROLE_SELF"),
                ("openid/wx1", "oA", "ROLE_SELF"),
                ("phone", "13800000001", "ROLE_SELF"),
                ("phone", "13800000002", "ROLE_SELF"),
            ],
        )
        self.assertEqual(
            sorted(self.identifiers(third)),
            [("crm", "c3", "ROLE_SELF"), ("kind", "a {constant}", "ROLE_SELF"), ("phone", "13800000003", "ROLE_SELF")],
        )

    def test_acts_versions_and_targets_come_from_columns(self):
        csv = "no,op,a,b,rev\n1,observe,c1,a@b.com,5\n2,unbind,c1,a@b.com,6\n3,delete_source,,,7\n1,retract,,,9\n4,explode,c1,,8\n"
        mapping = {
            "source": "desk",
            "record_id": "{no}",
            "act": "{op}",
            "target_source": "",
            "time": {"value": "{rev}", "format": "epoch_seconds"},
            "version": {"value": "{rev}", "format": "epoch_milliseconds"},
            "identifiers": [{"namespace": "crm", "value": "{a}"}, {"namespace": "email", "value": "{b}"}],
        }
        records = self.take(csv, mapping, code=REJECTS)
        self.assertEqual(self.rejected(), [(4, "target_source", "missing_target_source"), (6, "act", "unknown_act")])
        self.assertEqual(
            [(r["id"], r["op"], r["t"], r["version"]) for r in records],
            [("2", "unbind", 6000, 6), ("1", "retract", 9000, 9)],
        )
        mapping["target_source"], mapping["act"] = "{a}", "delete_source"
        mapping["identifiers"] = [{"namespace": "email", "value": "{b}"}]
        records = self.take("no,a,b,rev\n5,till,,5\n", mapping, store="other")
        self.assertEqual([(r["op"], r["target"]) for r in records], [("delete_source", "till")])

    def test_facts_are_read_by_type(self):
        csv = (
            "id,born,points,score,vip,since,likes,tags,weight,spent,sku\n"
            "c1,1990-06-12,-12,1.5,是,2024-05-01T08:00:00Z,tea|jazz,a; b,0.5,19.9,X1\n"
            "c2,06-12,,,NO,,,,,,\n"
            "c3,19900612,,,1,,,,,-1299,\n"
        )

        def value(column, **more):
            return {"value": "{" + column + "}", **more}

        mapping = {
            **PLAIN,
            "facts": {
                "traits": [
                    {"name": "born", "value": value("born", type="TYPE_DATE")},
                    {"name": "points", "value": value("points", type="TYPE_WHOLE")},
                    {"name": "score", "value": value("score", type="TYPE_NUMBER")},
                    {"name": "vip", "value": value("vip", type="TYPE_FLAG")},
                    {"name": "since", "value": value("since", type="TYPE_INSTANT")},
                    {"name": "likes", "value": value("likes", list_separator="|")},
                ],
                "tags": [{"name": "{tags}", "list_separator": ";", "weight": "{weight}"}],
                "events": [
                    {
                        "type": "purchase",
                        "campaign": "{vip}",
                        "value": {"amount": "{spent}", "currency": "CNY", "decimals": 2},
                        "properties": {"sku": value("sku"), "row": {"value": "{:line}", "type": "TYPE_WHOLE"}},
                    }
                ],
            },
        }
        facts = [record["facts"] for record in self.take(csv, mapping)]
        traits = [{trait["name"]: trait["value"] for trait in fact["traits"]} for fact in facts]
        self.assertEqual(
            traits[0],
            {
                "born": {"date": {"year": 1990, "month": 6, "day": 12}},
                "points": {"whole": "-12"},
                "score": {"number": 1.5},
                "vip": {"flag": True},
                "since": {"instant_ms": str(instant(2024, 5, 1, 8))},
                "likes": {"list": {"values": [{"text": "tea"}, {"text": "jazz"}]}},
            },
        )
        self.assertEqual(traits[1], {"born": {"date": {"month": 6, "day": 12}}, "vip": {"flag": False}})
        self.assertEqual(traits[2]["born"], traits[0]["born"])
        self.assertEqual(facts[0]["tags"], [{"name": "a", "weight": 0.5}, {"name": "b", "weight": 0.5}])
        self.assertNotIn("tags", facts[1])
        event = {
            "type": "purchase",
            "value": {"minor_units": "1990", "currency": "CNY"},
            "campaign": "是",
            "properties": {"sku": {"text": "X1"}, "row": {"whole": "2"}},
        }
        self.assertEqual(facts[0]["events"], [event])
        self.assertEqual(facts[2]["events"][0]["value"], {"minor_units": "-129900", "currency": "CNY"})

    def test_a_value_that_is_not_of_its_type_rejects_the_row(self):
        for type_, cells in {
            "DATE": ["1990-13-01", "x", "1990-06-12x"],
            "WHOLE": ["1.5", "x", "99999999999999999999"],
            "NUMBER": ["1,5", "inf", "x"],
            "FLAG": ["maybe", "2"],
            "INSTANT": ["2024-05-01", "x"],
        }.items():
            mapping = {
                **PLAIN,
                "facts": {"traits": [{"name": "t", "value": {"value": "{v}", "type": "TYPE_" + type_}}]},
            }
            with self.subTest(type=type_):
                self.take(
                    "id,v\n" + "".join(f'c{n},"{cell}"\n' for n, cell in enumerate(cells)),
                    mapping,
                    code=REJECTS,
                    store=type_,
                )
                self.assertEqual(self.rejected(), [(n + 2, "facts.traits[0]", "bad_value") for n in range(len(cells))])
        mapping = {
            **PLAIN,
            "facts": {"events": [{"type": "buy", "value": {"amount": "{v}", "currency": "CNY", "decimals": 2}}]},
        }
        records = self.take("id,v\na,1.999\nb,1.\nc,¥1\nd,1e3\ne,1.990\n", mapping, code=REJECTS, store="money")
        self.assertEqual(self.rejected(), [(n, "facts.events[0].value.amount", "bad_value") for n in (2, 3, 4, 5)])
        self.assertEqual(records[0]["facts"]["events"][0]["value"]["minor_units"], "199")

    def test_without_an_id_equal_rows_are_one_record(self):
        mapping = {key: value for key, value in PLAIN.items() if key != "record_id"}
        self.take("id,n\nc1,1\nc1,1\nc2,2\n", mapping)
        self.assertEqual((self.counts["applied"], self.counts["unchanged"]), (2, 1))

    # ---- times ----

    def test_times_are_read_by_format(self):
        noon = instant(2024, 5, 1, 12, 30, 15)
        self.assert_times(
            [
                ("2024-05-01T12:30:15Z", {}, noon),
                ("2024-05-01 12:30:15.250+08:00", {}, instant(2024, 5, 1, 12, 30, 15, 250, 8)),
                ("2024-05-01T12:30:15", {}, None),
                ("2024-05-01T12:30:15", {"zone": "Asia/Shanghai"}, instant(2024, 5, 1, 12, 30, 15, 0, 8)),
                ("2024-05-01T12:30:15Z", {"zone": "Asia/Shanghai"}, noon),
                ("2024-02-30T00:00:00Z", {}, None),
                ("x", {}, None),
                ("1714566615", {"format": "epoch_seconds"}, noon),
                ("1714566615.25", {"format": "epoch_seconds"}, noon + 250),
                ("1714566615250", {"format": "epoch_milliseconds"}, noon + 250),
                ("1714566615x", {"format": "epoch_seconds"}, None),
                ("1.5.24 12:30:15", {"format": "%d.%m.%y %H:%M:%S"}, noon),
                ("01/May/2024 12:30:15 PM", {"format": "%d/%b/%Y %I:%M:%S %p"}, noon),
                ("May  1, 2024 12:30:15", {"format": "%B %d, %Y %H:%M:%S"}, noon),
                ("2024年05月01日 下午00:30", {"format": "%Y年%m月%d日 %p%I:%M"}, None),
                ("2024年05月01日 下午12:30", {"format": "%Y年%m月%d日 %p%I:%M"}, instant(2024, 5, 1, 12, 30)),
                ("20240501123015.5+0800", {"format": "%Y%m%d%H%M%S.%f%z"}, instant(2024, 5, 1, 12, 30, 15, 500, 8)),
                ("2024-05-01 100%", {"format": "%Y-%m-%d 100%%"}, instant(2024, 5, 1)),
                ("2024-05-01 junk", {"format": "%Y-%m-%d"}, None),
            ]
        )

    def test_a_zone_with_summer_time_is_followed(self):
        pattern = {"format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin"}
        self.assert_times(
            [
                ("2024-01-15 12:00", pattern, instant(2024, 1, 15, 11)),
                ("2024-07-15 12:00", pattern, instant(2024, 7, 15, 10)),
                (
                    "2024-03-31 02:30",
                    pattern,
                    instant(2024, 3, 31, 1, 30),
                ),  # skipped: as if the clock had not been put forward
                ("2024-10-27 02:30", pattern, instant(2024, 10, 27, 1, 30)),
            ]
        )  # came twice: the later

    # ---- the file ----

    def test_quotes_hold_separators_line_ends_and_quotes(self):
        csv = 'id,name\r\n"c,1","says ""hi"""\r\n"c\r\n2",\r\n\r\nc3,plain "quotes" inside\r\nc4,'
        mapping = {**PLAIN, "facts": {"traits": [{"name": "name", "value": {"value": "{name}"}}]}}
        records = self.take(csv, mapping)
        self.assertEqual([self.identifiers(record)[0][1] for record in records], ["c,1", "c\r\n2", "c3", "c4"])
        self.assertEqual(
            [record["id"] for record in records], ["2", "3", "6", "7"], "the line on which each row starts"
        )
        names = [record["facts"]["traits"][0]["value"]["text"] for record in records if "facts" in record]
        self.assertEqual(names, ['says "hi"', 'plain "quotes" inside'])

    def test_separators_and_missing_headers_are_said_in_the_dialect(self):
        mapping = {**PLAIN, "dialect": {"separator": "\t", "columns": ["id", "name"]}}
        records = self.take("c1\tx,y\nc2\tz\n", mapping)
        self.assertEqual([(r["id"], self.identifiers(r)[0][1]) for r in records], [("1", "c1"), ("2", "c2")])

    def test_a_bad_row_is_rejected_by_itself_and_without_its_values(self):
        secret = "13912345670secret"
        rows = ["c1,1", f"{secret}", f"{secret},1,2", f'"{secret}"x,1', "c2,2", f'c3,"{secret}']
        path_free = {**PLAIN, "time": {"value": "{t}", "format": "epoch_seconds"}}
        records = self.take("id,t\n" + "\n".join(rows) + "\n", path_free, code=REJECTS)
        self.assertEqual([self.identifiers(record)[0][1] for record in records], ["c1", "c2"])
        self.assertEqual(
            self.rejected(),
            [(3, "", "wrong_column_count"), (4, "", "wrong_column_count"), (5, "", "bad_quote"), (7, "", "bad_quote")],
        )
        self.take(f"id,t\n,5\nc9,{secret}\n", path_free, code=REJECTS, store="other")
        self.assertEqual(self.rejected(), [(2, "identifiers", "missing_identifiers"), (3, "time", "bad_time")])
        self.assertNotIn("secret", (self.folder / "rejects.jsonl").read_text())

    def test_both_encodings_are_read_with_a_byte_order_mark_and_without(self):
        csv = "会员,id\n王小明,丂狛\n李雷,c2\n"
        mapping = {
            **PLAIN,
            "identifiers": [{"namespace": "crm", "value": "{会员}"}, {"namespace": "email", "value": "{id}@例.cn"}],
        }
        for encoding in ("utf-8", "gb18030"):
            for mark in ("", "\ufeff"):
                with self.subTest(encoding=encoding, mark=bool(mark)):
                    dialect = {"encoding": "ENCODING_" + encoding.upper().replace("-", "_")}
                    store = encoding + str(bool(mark))
                    records = self.take((mark + csv).encode(encoding), {**mapping, "dialect": dialect}, store=store)
                    self.assertEqual(
                        [self.identifiers(record) for record in records],
                        [
                            [("crm", "王小明", "ROLE_SELF"), ("email", "丂狛@例.cn", "ROLE_SELF")],
                            [("crm", "李雷", "ROLE_SELF"), ("email", "c2@例.cn", "ROLE_SELF")],
                        ],
                    )

    def test_bytes_that_are_not_of_the_encoding_reject_the_row(self):
        self.take(b"id\nc1\nc\xff\xff2\nc3\n", {**PLAIN, "dialect": {"encoding": "ENCODING_GB18030"}}, code=REJECTS)
        self.assertEqual(self.rejected(), [(3, "", "bad_encoding")])
        self.take(b"id\nc1\nc\xff\xff2\nc3\n", PLAIN, code=REJECTS, store="other")
        self.assertEqual(self.rejected(), [(3, "identifiers[0].value", "not_utf8")])

    # ---- mappings that are wrong ----

    def test_a_wrong_mapping_is_an_error_that_names_the_field(self):
        wrong = [
            ({"sorce": "x"}, "sorce"),
            ({"source": ""}, "source"),
            ({"source": "{nosuch}"}, "nosuch"),
            ({"source": "{id"}, "source"),
            ({"record_id": "id}"}, "record_id"),
            ({"time": {}}, "time.value"),
            ({"time": {"value": "1", "format": "%Q"}}, "time"),
            ({"time": {"value": "1", "zone": "Mars/Base"}}, "time"),
            ({"identifiers": []}, "identifiers"),
            ({"identifiers": [{"namespace": "crm"}]}, "identifiers[0].value"),
            ({"identifiers": [{"namespace": "crm", "value": "{id}", "rolle": "x"}]}, "rolle"),
            ({"dialect": {"separator": ";;"}}, "dialect.separator"),
            ({"facts": {"tags": [{"name": "{x}"}]}}, "facts.tags[0].name"),
            ({"facts": {"events": [{"type": "x", "value": {"decimals": 7}}]}}, "decimals"),
        ]
        rows = self.write("rows.csv", "id\nc1\n")
        for change, field in wrong:
            with self.subTest(change=change):
                mapping = self.write_json("mapping.json", {**PLAIN, **change})
                answer = self.ingest("store", "--mapping", mapping, rows, code=USAGE)
                self.assertIn(field, answer.err)
        self.assertEqual(self.groups("store"), [])


if __name__ == "__main__":
    main()
