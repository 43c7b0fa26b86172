"""The audit of every RNN and LSTM number that the five documents print: right, misprinted or wrong, and why.

python scripts/audit_published.py
python scripts/audit_published.py --document=004 --verbose
"""

import collections
from collections.abc import Sequence

import numpy as np
from absl import flags
from common import console, output, program, shared_flags

from hw3.studies.audit import comparison
from hw3.studies.audit.formulas import formulas
from hw3.studies.audit.numbers import NUMBERS
from hw3.studies.unrolling import figures

FLAGS = flags.FLAGS
flags.DEFINE_enum("document", None, sorted({row.document for row in NUMBERS}), "Audit one document only.")
flags.DEFINE_bool("verbose", False, "Print every number, also the ones that are reproduced as they stand.")
shared_flags.define_outdir_flag()

HEADER = ("document", "part", "quantity", "printed", "ours", "verdict", "reason")


def main() -> None:
    """Audits, prints what is not simply right, and writes everything."""
    numbers = [row for row in NUMBERS if FLAGS.document in (None, row.document)]
    findings = comparison.audit(numbers)
    slips = [row for row in formulas() if FLAGS.document in (None, row.document)]
    counts = comparison.counts(findings)
    rows = [(*finding[:4], "" if np.isnan(finding.ours) else repr(finding.ours), *finding[5:]) for finding in findings]
    results = {
        "command": output.command(),
        "header": HEADER,
        "findings": rows,
        "verdicts": comparison.VERDICTS,
        "counts": [[name, *row] for name, row in counts],
        "formulas": [list(row) for row in slips],
    }
    verdicts = figures.verdict_counts(
        [name for name, _ in counts[:-1]], comparison.VERDICTS, np.array([row for _, row in counts[:-1]])
    )
    with output.results_folder("audit") as folder:
        output.write_csv(folder / "audit.csv", HEADER, rows)
        output.write_figure(folder / "verdicts.png", verdicts)
        output.write_json(folder / "results.json", results)
    show(findings)
    if slips:
        console.print_table(
            "Formulas that do not give the number beside them, evaluated as printed",
            ("document", "formula", "gives", "right value"),
            [(row.document, row.formula, f"{row.gives:.8g}", f"{row.right:.8g}") for row in slips],
        )
    console.print_table(
        "Printed numbers by document and verdict", ("document", *comparison.VERDICTS), results["counts"]
    )
    print(f"every number with its verdict: {FLAGS.outdir}/audit/audit.csv")


def show(findings: Sequence[comparison.Finding]) -> None:
    """Prints the findings, those with the same verdict and reason in one document together."""
    groups = collections.defaultdict(list)
    for finding in findings:
        if FLAGS.verbose or finding.verdict != comparison.REPRODUCED:
            groups[finding.document, finding.verdict, finding.reason].append(finding)
    order = {verdict: place for place, verdict in enumerate(comparison.VERDICTS)}
    for (document, verdict, reason), group in sorted(groups.items(), key=lambda item: (item[0][0], order[item[0][1]])):
        print(f"{document}: {verdict}" + (f": {reason}" if reason else ""))
        if verdict in (comparison.MISPRINTED, comparison.WRONG) or FLAGS.verbose:
            for finding in group:
                ours = "no such entry" if np.isnan(finding.ours) else f"{finding.ours:.10g}"
                print(f"     {finding.part} {finding.what}: printed {finding.printed}, right {ours}")
        else:
            print(f"     {len(group)} number{'s' if len(group) > 1 else ''}")
    print()


if __name__ == "__main__":
    program.run(main)
