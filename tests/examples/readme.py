"""What README.md shows: its fenced blocks, its links, the commands that it names."""

import re


def blocks(text, language):
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def named_files(text, language):
    """Blocks that stand for a file, by the name of the file in backquotes at the end of the sentence before: `name`:"""
    return dict(re.findall(rf"`([^`\n]+)`\)?:\n\n```{re.escape(language)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def links(text):
    """Targets within the project, without their #fragment."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return sorted({target.split("#")[0] for target in targets if "://" not in target and not target.startswith("#")})


def make_targets(text):
    code = re.findall(r"`([^`\n]+)`", text)
    for block in re.findall(r"(?ms)^```.*?^```$", text):
        code += block.splitlines()
    return sorted({target for line in code for target in re.findall(r"(?:^|\$ |&& )make ([a-z]+)", line.strip())})
