"""Completion of the shells, run by the shells themselves."""
import pathlib
import shutil
import subprocess
import unittest

from program_case import PROGRAM, ProgramCase

FILES = pathlib.Path(__file__).parent.parent.parent / "engine" / "cli" / "completion"


def of_bash(words):
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sbrtplan; printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", script, "bash", FILES / "sbrtplan.bash", PROGRAM, *words], capture_output=True,
                          text=True, timeout=60).stdout.split()


def of_zsh(words):
    # The functions that zsh gives to a completion, replaced by ones that print; what begins otherwise zsh leaves out.
    script = ('compadd() { shift; print -l -- "$@" }; _files() { print -l -- *(N) }; local file=$1; shift; '
              'words=("$@"); CURRENT=$#; complete_now() { source $file }; complete_now')
    found = subprocess.run(["zsh", "-f", "-c", script, "zsh", FILES / "_sbrtplan", PROGRAM, *words], capture_output=True,
                           text=True, timeout=60).stdout.split()
    return [word for word in found if word.startswith(words[-1])]


class Completion(ProgramCase):
    def check(self, shell):
        self.assertIn("evaluate", shell([""]))
        self.assertEqual(shell(["eval"]), ["evaluate"])
        self.assertIn("--prescription", shell(["plan", "--pres"]))
        self.assertTrue({"list", "find", "fetch", "store"} <= set(shell(["archive", ""])))
        self.assertIn("--modality", shell(["archive", "find", "folder", "--mod"]))
        self.assertNotIn("--modality", shell(["archive", "store", "folder", "--"]))
        self.assertIn("lung-lesion", shell(["phantom", "lung"]))

    def test_bash(self):
        self.check(of_bash)

    def test_zsh(self):
        self.assertTrue(shutil.which("zsh"), "zsh is missing: scripts/install-dependencies")
        self.check(of_zsh)


if __name__ == "__main__":
    unittest.main()
