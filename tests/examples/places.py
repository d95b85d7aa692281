"""Where things are: told by ctest, see CMakeLists.txt beside this file."""

import os
import pathlib

SOURCE = pathlib.Path(os.environ["POLYONYM_SOURCE"])
PROGRAMS = pathlib.Path(os.environ["POLYONYM_PROGRAMS"])  # the built examples/cpp
DRIVER = pathlib.Path(os.environ["POLYONYM_DRIVER"])      # the built `polyonym`


def read(path):
    return (SOURCE / path).read_text(encoding="utf-8")
