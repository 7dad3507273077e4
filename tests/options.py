#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every option of the program is in --help, in the manual page and in both completions, and nothing else is; the
manual page names every kind of record."""
import json
import os
import re
import subprocess
import sys

source = os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
program = os.environ.get("PCAPDX", "./pcapdx")


def read(name):
    with open(os.path.join(source, name), encoding="utf-8") as file:
        return file.read()


def of_program():
    text = read("src/options.c")
    letters = re.search(r'short_options\[\] = ":?([^"]*)"', text).group(1)
    table = re.search(r"long_options\[\] = \{(.*?)\n\};", text, re.S).group(1)
    return {"-" + c for c in letters if c != ":"} | {"--" + name for name in re.findall(r'\{ "([a-z-]+)"', table)}


def of_manual():
    text = read("doc/pcapdx.1").replace("\\-", "-")
    heads = re.search(r"^\.SH OPTIONS$(.*?)^\.SH ", text, re.S | re.M).group(1)
    tags = re.findall(r"^\.TP\n(.*)$", heads, re.M)
    return {option for tag in tags for option in re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", tag)}


def kinds_of_manual():
    section = re.search(r"^\.SH RECORDS$(.*?)^\.SH ", read("doc/pcapdx.1"), re.S | re.M).group(1)
    return set(re.findall(r"^\.TP\n\.B (\w+)$", section, re.M))


def kinds_of_schema():
    return {kind["properties"]["kind"]["const"] for kind in json.loads(read("doc/records.schema.json"))["oneOf"]}


def of_help():
    said = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return {option for option in re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", said)}


def of_bash():
    text = read("completions/pcapdx.bash")
    lists = " ".join(re.findall(r'(?:long|short)="([^"]*)"', text))
    return set(lists.split())


def of_zsh():
    text = read("completions/_pcapdx")
    return {option for line in text.splitlines() if line.lstrip().startswith("'")
            for option in re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*(?=[\[,}])", line)}


def main():
    options = of_program()
    assert len(options) > 30, "the table of options was not found"
    # A letter's long name need not be on the short page of --help, nor --help itself.
    aliases = {"--list-interfaces", "--interface", "--read", "--filter", "--output", "--count", "--snapshot-length",
               "--buffer-size", "--no-promiscuous-mode", "--verbose", "--quiet", "--help", "--version", "-n"}
    faults = []
    for where, found, wanted in (("doc/pcapdx.1", of_manual(), options), ("pcapdx --help", of_help(), options - aliases),
                                 ("completions/pcapdx.bash", of_bash(), options), ("completions/_pcapdx", of_zsh(), options)):
        faults += ["%s lacks %s" % (where, option) for option in sorted(wanted - found)]
        faults += ["%s has %s, which the program has not" % (where, option) for option in sorted(found - options)]
    faults += ["%s: a kind of record that the manual page or the schema lacks" % kind
               for kind in sorted(kinds_of_manual() ^ kinds_of_schema())]
    print("\n".join(faults) or "%d options are everywhere" % len(options))
    sys.exit(1 if faults else 0)


main()
