"""Prints what holds of others' cases and what does not; `--write` puts the table in the README."""

import sys

from tests.corpora import score, test_crowdsec, test_fail2ban, test_loghub

SCORES = [test_crowdsec.measure(), test_fail2ban.measure(), test_loghub.measure()]
for one in SCORES:
    print(f"\n{one.title}", *one.report(), sep="\n")
if "--write" in sys.argv:
    score.write(SCORES)
