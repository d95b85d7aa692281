"""The small programs of examples/cpp."""

import re


def promised(code):
    """What a program's opening comment says behind `// Prints:`."""
    comment = re.match(r"(//.*\n)+", code).group()
    return re.sub(r"^//   ", "", comment.split("// Prints:\n")[1], flags=re.MULTILINE)
