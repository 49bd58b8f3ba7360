"""beam-data: list, show with plots, check."""
import unittest
import xml.dom.minidom

from program_case import ProgramCase, run


class BeamDataVerb(ProgramCase):
    def test_check_lists_every_finding_with_its_number(self):
        done = run("beam-data", "check", "generic-6mv-fff", "--strict", expect=0)
        self.assertIn("0 of 50 findings are warnings", done.stdout)
        self.assertIn("penumbra 80-20 % (collimator 60 mm, depth 15 mm): 3.83 mm", done.stdout)
        # The tables of the Monte Carlo run stop at the 60 mm field (docs/physics.md): said, and an error only when asked.
        done = run("beam-data", "check", "mc-6mv-mohan", expect=0)
        self.assertIn("WARNING TPR, fields: 5 to 60 mm", done.stdout)
        self.assertIn("beam-data-tpr-fields-end-early", done.stderr)
        run("beam-data", "check", "mc-6mv-mohan", "--strict", expect=1)

    def test_show_draws_every_table(self):
        plots = self.folder / "plots"
        run("beam-data", "show", "generic-6mv-fff", "--svg", plots, expect=0)
        names = self.listing(plots)
        self.assertEqual(len(names), 14)
        for name in names:
            svg = xml.dom.minidom.parse(str(plots / name))
            self.assertGreaterEqual(len(svg.getElementsByTagName("polyline")), 3, name)
        self.assert_refused("beam-data", "show", "generic-6mv-fff", "--svg", plots, mentions=("not empty",))
        run("beam-data", "show", "generic-6mv-fff", "--svg", plots, "--overwrite", expect=0)


if __name__ == "__main__":
    unittest.main()
