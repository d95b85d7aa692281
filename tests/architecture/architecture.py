#!/usr/bin/env python3
"""Checks the shape of the source tree: who includes whom, what is public, what is never called, how files are named.

    architecture.py ROOT layering|bindings|names|todos|calls
    architecture.py ROOT includes COMPILER [FLAG...]     what the public headers include, through whatever they include
    architecture.py ROOT symbols NM OBJECT_LIST          what the library's own objects ask of the linker

Prints one line per problem, and exits with 1 where there is one. architecture_selftest.py shows that each check can fail.
"""

import os
import re
import subprocess
import sys
import tempfile

# The permitted graph: a layer sees itself and these. A new folder has to be entered here before it may include anything.
LAYERS = {
    "model": {},
    "codec": {"model", "profile", "segment"},
    "identity": {"model"},
    "store": {"model"},
    "profile": {"model"},
    "segment": {"model", "profile"},
    "measure": {"model", "profile", "segment"},
    "campaign": {"model", "profile", "segment", "measure"},
    "privacy": {"model", "codec", "store", "profile", "segment"},
    "engine": {"model", "codec", "identity", "store", "profile", "segment", "measure", "campaign", "privacy"},
    "batch": {"model", "codec", "identity", "store", "profile", "segment", "measure", "campaign", "privacy", "engine"},
}

# Libraries that one layer alone speaks to, by the included path.
OWNERS = {r"^rocksdb/": "store", r"^google/protobuf/|\.pb\.h$|^simdjson": "codec", r"^roaring/": "segment",
          r"^boost/": "measure"}

# What a public header may not bring to whoever includes it, by a part of the path of the included file.
PRIVATE_LIBRARIES = ["/rocksdb/", "/google/protobuf/", ".pb.h", "/simdjson", "/phonenumbers/", "/unicode/", "/re2/",
                     "/roaring/", "/boost/", "/zstd.h", "/zlib.h"]

# The library reports by status and leaves standard output and the life of the process to its host. assert() is not among
# these: it is live in the builds of developers alone.
FORBIDDEN_CALLS = ["printf", "vprintf", "puts", "putchar", "perror", "abort", "exit", "_exit", "_Exit", "quick_exit",
                   "terminate"]
FORBIDDEN_OBJECTS = ["stdout", "stderr", "std::cout", "std::cerr", "std::clog"]
FORBIDDEN_SYMBOLS = {*FORBIDDEN_CALLS, *FORBIDDEN_OBJECTS, "std::terminate()", "__printf_chk", "__vprintf_chk"}

# Forbidden symbols that the standard library puts into our objects: symbol -> (what shows that it did, reason).
EXCUSED_SYMBOLS = {
    "std::terminate()": ("std::thread::", "the destructor and the assignment of std::thread are inline and end a "
                                          "process that drops a running thread"),
}

SHAPELESS_NAMES = {"util", "utils", "utility", "utilities", "common", "helper", "helpers", "misc"}
SOURCE_FOLDERS = ["include", "src", "proto", "tests", "examples", "bench", "cmake", "tools", "docs", "python"]
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def files_under(root, folders, endings=("",)):
    """Paths from `root`, sorted, of files in `folders` and of those that lie in `root` itself when '.' is among them."""
    for folder in folders:
        for directory, subdirectories, names in os.walk(os.path.join(root, folder)):
            subdirectories[:] = sorted(name for name in subdirectories if name != "__pycache__") if folder != "." else []
            for name in sorted(names):
                if name.endswith(tuple(endings)):
                    yield os.path.relpath(os.path.join(directory, name), root)


def library_files(root):
    return [*files_under(root, ["include/polyonym"], (".h",)), *files_under(root, ["src"], (".h", ".cc"))]


def layer_of(path):
    """`engine` of include/polyonym/engine/engine.h, of src/engine/frame.cc."""
    parts = path.split(os.sep)
    inner = parts[2:] if parts[0] == "include" else parts[1:]
    return inner[0] if len(inner) > 1 else ""


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def layering(root):
    for path in library_files(root):
        layer = layer_of(path)
        if layer not in LAYERS:
            yield f"{path}: its folder is no layer of architecture.py"
            continue
        text = read(os.path.join(root, path))
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', text, re.MULTILINE):
            included = match.group(1)
            parts = included.removeprefix("polyonym/").split("/")
            named = parts[0] if len(parts) > 1 else ""
            ours = included.startswith("polyonym/") or os.path.exists(os.path.join(root, "src", included))
            owner = next((owner for pattern, owner in OWNERS.items() if re.search(pattern, included)), layer)
            if owner != layer:
                problem = f"is for layer {owner} alone"
            elif "../" in included or included.startswith("src/"):
                problem = "must be named from include/ or src/"
            elif not ours or included == "polyonym/version.h" or included.endswith(".pb.h"):
                continue
            elif named not in LAYERS:
                problem = "belongs to no layer of architecture.py"
            elif named != layer and named not in LAYERS[layer]:
                problem = f"lies above or beside layer {layer}"
            elif path.startswith("include") and not included.startswith("polyonym/"):
                problem = "is private, and this header is public"
            else:
                continue
            yield f"{path}:{line_of(text, match.start())}: {included} {problem}"


def bindings(root):
    """The Python package stands on what every host has: public headers, and nothing that they hide."""
    for path in files_under(root, ["python/src"], (".h", ".cc")):
        text = read(os.path.join(root, path))
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', text, re.MULTILINE):
            included = match.group(1)
            if included.startswith("polyonym/") and not included.endswith(".pb.h"):
                continue
            owned = any(re.search(pattern, included) for pattern in OWNERS)
            if owned or "../" in included or os.path.exists(os.path.join(root, "src", included)):
                yield f"{path}:{line_of(text, match.start())}: {included} is private to the library"


def names(root):
    for path in files_under(root, SOURCE_FOLDERS):
        words = {word for part in path.split(os.sep) for word in re.split(r"[._-]", part.lower())}
        if words & SHAPELESS_NAMES:
            yield f"{path}: says nothing of what it holds"


def todos(root):
    unowned = re.compile(r"\bTO" r"DO\b(?!\([^()\s]+\))")
    for path in [*files_under(root, SOURCE_FOLDERS), *files_under(root, ["."])]:
        text = read(os.path.join(root, path))
        for match in unowned.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: a to-do without an owner; write TO" + "DO(name): what"


def calls(root):
    forbidden = re.compile(
        r"(?<![\w.>:])(?:std::|::)?(?:" + "|".join(FORBIDDEN_CALLS) + r")\s*\(|(?<![\w.>])(?:" +
        "|".join(FORBIDDEN_OBJECTS) + r")\b")
    for path in library_files(root):
        text = COMMENT_OR_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), read(os.path.join(root, path)))
        for match in forbidden.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: {match.group().rstrip('( ')}: the library neither prints nor ends the process"


def private_includes(dependencies):
    """Problems of a make rule as the compiler's -M writes it."""
    for path in dependencies.replace("\\\n", " ").split()[1:]:
        if any(part in path for part in PRIVATE_LIBRARIES):
            yield f"a public header includes {path}"


def includes(root, compiler, *flags):
    headers = [os.path.relpath(path, "include") for path in files_under(root, ["include/polyonym"], (".h",))]
    with tempfile.TemporaryDirectory() as folder:
        unit = os.path.join(folder, "all.cc")
        with open(unit, "w", encoding="utf-8") as file:
            file.writelines(f'#include "{header}"\n' for header in headers)
        rule = subprocess.run([compiler, "-std=c++20", *flags, "-M", unit], check=True, capture_output=True, text=True)
    if not all(header in rule.stdout for header in headers):
        yield "the compiler did not list the public headers: this check sees nothing"
    yield from private_includes(rule.stdout)


def forbidden_symbols(name, listing):
    """Problems of one object in the words of `nm -C -u`."""
    undefined = [line.split(maxsplit=1)[1] for line in listing.splitlines() if line.strip().startswith(("U ", "w "))]
    for symbol in sorted(FORBIDDEN_SYMBOLS.intersection(undefined)):
        sign, _ = EXCUSED_SYMBOLS.get(symbol, (None, None))
        if not (sign and any(other.startswith(sign) for other in undefined)):
            yield f"{name}: refers to {symbol}: the library neither prints nor ends the process"


def symbols(_, nm, object_list):
    # Generated code is protobuf's to answer for.
    objects = [path for path in read(object_list).split() if not path.endswith(".pb.cc.o")]
    seen = 0
    for path in objects:
        listing = subprocess.run([nm, "-C", "-u", path], check=True, capture_output=True, text=True).stdout
        seen += listing.count("\n")
        yield from forbidden_symbols(os.path.basename(path), listing)
    if not seen:
        yield "no object refers to anything: this check sees nothing"


CHECKS = {check.__name__: check for check in (layering, bindings, names, todos, calls, includes, symbols)}


def main(root, check, *arguments):
    if not library_files(root):
        sys.exit(f"{root} holds no library")
    problems = list(CHECKS[check](root, *arguments))
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
