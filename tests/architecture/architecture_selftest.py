#!/usr/bin/env python3
"""Shows that each check of architecture.py finds what it is for, and leaves alone what it should."""

import os
import tempfile
import unittest

import architecture


def problems_of(check, files):
    """What `check` says of a source tree of these files: path -> text."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        return list(check(root))


class Layering(unittest.TestCase):
    def check(self, path, text, more=None):
        return problems_of(architecture.layering, {path: text, **(more or {})})

    def test_lower_layers_and_other_libraries_may_be_included(self):
        self.assertEqual([], self.check("include/polyonym/engine/engine.h", '#include "polyonym/model/record.h"\n'
                                        '#include <vector>\n#include "absl/status/status.h"\n#include "polyonym/version.h"'))

    def test_a_higher_layer_is_a_problem(self):
        problems = self.check("include/polyonym/model/record.h", '#pragma once\n#include "polyonym/engine/engine.h"\n')
        self.assertEqual(1, len(problems))
        self.assertIn("record.h:2", problems[0])

    def test_a_layer_beside_is_a_problem(self):
        self.assertTrue(self.check("src/identity/rule.cc", '#include <polyonym/store/store.h>'))

    def test_a_private_header_of_a_higher_layer_is_a_problem(self):
        self.assertTrue(self.check("src/store/a.cc", '#include "engine/frame.h"', {"src/engine/frame.h": ""}))
        self.assertFalse(self.check("src/engine/a.cc", '#include "engine/frame.h"', {"src/engine/frame.h": ""}))

    def test_a_private_header_in_a_public_one_is_a_problem(self):
        self.assertTrue(self.check("include/polyonym/engine/engine.h", '#include "engine/frame.h"',
                                   {"src/engine/frame.h": ""}))

    def test_a_path_upwards_is_a_problem(self):
        self.assertTrue(self.check("src/model/a.cc", '#include "../engine/frame.h"'))

    def test_a_library_of_another_layer_is_a_problem(self):
        self.assertTrue(self.check("src/engine/a.cc", "#include <rocksdb/db.h>"))
        self.assertTrue(self.check("src/engine/a.cc", '#include "polyonym/v1/record.pb.h"'))
        self.assertFalse(self.check("src/store/a.cc", "#include <rocksdb/db.h>"))
        self.assertFalse(self.check("src/codec/a.cc", '#include "polyonym/v1/record.pb.h"'))

    def test_a_folder_that_is_no_layer_is_a_problem(self):
        self.assertTrue(self.check("src/stuff/a.cc", ""))
        self.assertTrue(self.check("src/a.cc", ""))
        self.assertTrue(self.check("src/model/a.cc", '#include "polyonym/stuff/a.h"'))

    def test_the_graph_has_no_cycle(self):
        below = architecture.LAYERS
        for layer, lower in below.items():
            for other in lower:
                self.assertNotIn(layer, below[other])
                self.assertTrue(set(below[other]) <= set(lower), f"{layer} sees {other} but not all below it")


class Bindings(unittest.TestCase):
    def check(self, text, more=None):
        return problems_of(architecture.bindings, {"python/src/a.cc": text, **(more or {})})

    def test_public_headers_and_those_beside_may_be_included(self):
        self.assertEqual([], self.check('#include "polyonym/engine/engine.h"\n#include "calls.h"\n#include <nanobind/nanobind.h>'))

    def test_what_the_library_hides_is_a_problem(self):
        self.assertTrue(self.check('#include "engine/frame.h"', {"src/engine/frame.h": ""}))
        self.assertTrue(self.check("#include <rocksdb/db.h>"))
        self.assertTrue(self.check('#include "polyonym/v1/record.pb.h"'))
        self.assertTrue(self.check('#include "../../src/engine/frame.h"'))


class Names(unittest.TestCase):
    def test_shapeless_names_are_problems(self):
        for path in ("src/model/util.cc", "include/polyonym/common/a.h", "tests/harness/test_helpers.h", "src/misc/a.cc"):
            self.assertEqual(1, len(problems_of(architecture.names, {path: ""})), path)

    def test_others_are_not(self):
        self.assertEqual([], problems_of(architecture.names, {"src/model/commonality.cc": "", "build/util.h": ""}))


class Todos(unittest.TestCase):
    def test_one_without_an_owner_is_a_problem(self):
        todo = "TO" + "DO"
        self.assertTrue(problems_of(architecture.todos, {"src/model/a.cc": f"// {todo}: later"}))
        self.assertTrue(problems_of(architecture.todos, {"CMakeLists.txt": f"# {todo}() later"}))
        self.assertFalse(problems_of(architecture.todos, {"src/model/a.cc": f"// {todo}(wang): later"}))


class Calls(unittest.TestCase):
    def problems(self, line):
        return problems_of(architecture.calls, {"src/model/a.cc": line})

    def test_printing_and_ending_are_problems(self):
        for line in ('printf("x");', "std::cerr << 1;", "abort();", "std::exit(1);", "if (x) ::abort ();", "std::terminate();",
                     "fprintf(stderr, 1);", "std::puts(x);"):
            self.assertEqual(1, len(self.problems(line)), line)

    def test_words_and_members_are_not(self):
        for line in ("// never calls abort()", 'Say("call exit()");', "engine.abort();", "run->exit();", "snprintf(b, 1);",
                     "on_exit(x);", "my::abort();"):
            self.assertEqual([], self.problems(line), line)


class PublicIncludes(unittest.TestCase):
    def test_a_private_library_is_a_problem(self):
        rule = "all.o: /tmp/all.cc \\\n /usr/include/c++/12/string \\\n /usr/include/rocksdb/db.h /b/polyonym/v1/a.pb.h"
        self.assertEqual(2, len(list(architecture.private_includes(rule))))


class Symbols(unittest.TestCase):
    def problems(self, *names):
        return list(architecture.forbidden_symbols("a.o", "".join(f"                 U {name}\n" for name in names)))

    def test_printing_and_ending_are_problems(self):
        for name in ("puts", "abort", "stderr", "std::cout", "std::terminate()"):
            self.assertEqual(1, len(self.problems("malloc", name)), name)

    def test_what_the_standard_library_inlines_is_excused_only_beside_its_sign(self):
        self.assertEqual([], self.problems("std::terminate()", "std::thread::join()"))

    def test_others_are_not(self):
        self.assertEqual([], self.problems("fwrite", "std::ostream::put(char)", "__assert_fail"))


if __name__ == "__main__":
    unittest.main()
