"""How often another scale is called another unit, and how often another unit is called one.

    python benchmarks/column_units.py            # a minute

Half as many validation rows as training rows. Scales that differ by nature: a factor between 1.2 and 5, either way.
Only what is far enough apart to be asked counts, as in an audit.
"""

from __future__ import annotations

import argparse

import numpy as np

from diagnose.measures.column_facts import APART
from diagnose.stats.rescaled import rescaled

LAWS = {
    "gamma (shape 2)": lambda rng, n: rng.gamma(2, 30, n),
    "exponential": lambda rng, n: rng.exponential(10, n),
    "log-normal (0.8)": lambda rng, n: rng.lognormal(3, 0.8, n),
    "normal 128 ± 40": lambda rng, n: rng.normal(128, 40, n),
    "normal 170 ± 9": lambda rng, n: rng.normal(170, 9, n),
}
NEAR = (2.54, 0.3048, 1.6093, 2.2046)
FAR = (10.0, 1 / 255, 1000.0, 60.0)
SIZES = (200, 1000, 20_000)


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=100, help="of scales; a tenth as many of each unit")
    draws = parser.parse_args().draws
    print("| column | rows | scale called a unit | 2.54, 0.3048, 1.61, 2.2 called one | 10, 1/255, 1,000, 60 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, law in LAWS.items():
        for n in SIZES:
            rng = np.random.default_rng(n)
            scales = np.exp(rng.uniform(np.log(1.2), np.log(5), draws) * rng.choice((-1, 1), draws))
            wrong = sum(_is_unit(law(rng, n), scale * law(rng, n // 2)) for scale in scales)
            found = [sum(_is_unit(law(rng, n), unit * law(rng, n // 2)) for unit in units for _ in range(draws // 10))
                     for units in (NEAR, FAR)]  # fmt: skip
            of = 4 * (draws // 10)
            print(f"| {name} | {n:,} | {wrong} of {draws} | {found[0]} of {of} | {found[1]} of {of} |")


def _is_unit(first: np.ndarray, second: np.ndarray) -> bool:
    found = rescaled(first, second)
    return found is not None and found.before >= APART


if __name__ == "__main__":
    main()
