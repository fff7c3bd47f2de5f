"""Sends the same requests to JupyterHub and to Carrel, and compares the answers.

Both hubs run in one throwaway machine with the same accounts. A case fails when an answer differs in a field for which
known_differences.toml has no reason, when the real hub does not answer what the case says, or when a known difference
is none any more.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cases  # noqa: E402, F401  (fills the table)
import fixture  # noqa: E402
from case import TABLE, Case  # noqa: E402
from client import Answer, Hub, fill  # noqa: E402
from compare import Difference, Known, differences, load_known, matches, reduced  # noqa: E402
from hubs import Pair  # noqa: E402


NUMBERS = itertools.count(1)


@dataclass
class Outcome:
    """How a case went."""

    case: Case
    answers: dict[str, list[Answer | str]]
    broken: list[str] = field(default_factory=list)
    unexplained: list[Difference] = field(default_factory=list)
    explained: list[Difference] = field(default_factory=list)
    """Without those that concern every answer."""

    @property
    def passed(self) -> bool:
        return not self.broken and not self.unexplained


def words_for(case: Case, pool) -> dict[str, str]:
    """Hands out names of the case's own."""
    words = {"password": fixture.PASSWORD}
    for key, count in (("u", case.users), ("n", case.unborn)):
        for number in range(count):
            words[f"{key}{number + 1 if number else ''}"] = next(pool)
    used = json.dumps([vars(step) for step in case.steps], default=str)
    for key, stem in (("g", "group"), ("s", "service")):
        for number in ("", "2", "3"):
            if f"{{{key}{number}}}" in used:
                words[f"{key}{number}"] = f"{stem}{number}-{next(NUMBERS)}"
    return words


def check_real(case: Case, answers: list[Answer | str]) -> list[str]:
    """Tells where the real hub does not do what the case says."""
    faults = []
    for number, answer in enumerate(answers):
        if isinstance(answer, str):
            faults.append(f"JupyterHub, request {number + 1}: {answer}")
            continue
        step = case.steps[number]
        text = fill(step.text, answer.words)
        if answer.status != step.status or text not in answer.text:
            shown = answer.text[:300] if "html" not in answer.type else answer.type
            faults.append(f"JupyterHub, request {number + 1} {step.method} {step.path}: {answer.status} {shown!r}, "
                          f"expected {step.status} {text!r}")
    return faults


def judge(case: Case, answers: dict[str, list[Answer | str]], known: list[Known]) -> Outcome:
    outcome = Outcome(case, answers, check_real(case, answers["JupyterHub"]))
    if "Carrel" not in answers:
        return outcome
    for number, (real, ours) in enumerate(zip(answers["JupyterHub"], answers["Carrel"])):
        if isinstance(real, str) or isinstance(ours, str):
            break
        for found in differences(case.name, number, case.steps[number], real, ours):
            reasons = [entry for entry in known if entry.explains(found)]
            for reason in reasons:
                reason.hits += 1
            if reasons:
                outcome.explained += [found] if not reasons[0].everywhere else []
            else:
                outcome.unexplained.append(found)
    outcome.broken += [f"Carrel, request {number + 1}: {answer}"
                       for number, answer in enumerate(answers["Carrel"]) if isinstance(answer, str)]
    return outcome


def show(outcome: Outcome) -> None:
    """Prints the answers of both hubs to a case's requests."""
    for number, step in enumerate(outcome.case.steps):
        print(f"--- {outcome.case.name}, request {number + 1}: {step.method} {step.path} by {step.by}")
        for name, answers in outcome.answers.items():
            if number >= len(answers):
                continue
            answer = answers[number]
            if isinstance(answer, str):
                print(f"    {name}: {answer}")
                continue
            fields = reduced(step, answer)
            if "body" not in fields and answer.body:
                fields["body (not compared)"] = answer.text[:2000]
            print(f"    {name}:")
            for key, value in fields.items():
                print(f"        {key}: {json.dumps(value, ensure_ascii=False)}")


def report(outcome: Outcome) -> None:
    print(f"FAILED {outcome.case.name}")
    for fault in outcome.broken:
        print(f"    {fault}")
    for found in outcome.unexplained:
        print(f"    {found} (by {outcome.case.steps[found.step].by})")


def run(selected: list[Case], hubs: list[Hub], known: list[Known], showing: bool, pool) -> list[Outcome]:
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(len(hubs)) as threads:
        for case in sorted(selected, key=lambda case: case.last):
            words = words_for(case, pool)
            futures = {hub.name: threads.submit(hub.run, case, words) for hub in hubs}
            outcome = judge(case, {name: future.result() for name, future in futures.items()}, known)
            outcomes.append(outcome)
            if showing:
                show(outcome)
            if not outcome.passed:
                report(outcome)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the names of all cases and run none")
    parser.add_argument("--case", action="append", metavar="NAME", help="run only this; * stands for anything")
    parser.add_argument("--show", action="store_true", help="print what was answered")
    parser.add_argument("--only-real", action="store_true", help="ask the real hub alone whether the cases are right")
    options = parser.parse_args()
    selected = [case for case in TABLE if not options.case or any(matches(p, case.name) for p in options.case)]
    if options.list:
        print(*(case.name for case in selected), sep="\n")
        return 0
    began = time.monotonic()
    known = load_known(HERE / "known_differences.toml")
    pair = Pair(with_carrel=not options.only_real)
    try:
        with pair.machine.network():
            with concurrent.futures.ThreadPoolExecutor(2) as threads:
                list(threads.map(pair.prepare, pair.hubs))
            outcomes = run(selected, pair.hubs, known, options.show, iter(fixture.POOL))
    finally:
        pair.stop()
    failed = sum(not outcome.passed for outcome in outcomes)
    if not options.only_real:
        failed += tell_score(outcomes, known, everything=not options.case)
    print(f"{len(outcomes)} cases, {sum(len(case.steps) for case in selected)} requests, "
          f"{time.monotonic() - began:.0f} s")
    print(f"{len(outcomes) - sum(not o.passed for o in outcomes)} passed, {failed} failed")
    return 1 if failed else 0


def tell_score(outcomes: list[Outcome], known: list[Known], everything: bool) -> int:
    """Prints the score and returns how many known differences were found nowhere."""
    stale = [entry for entry in known if everything and not entry.hits]
    for entry in stale:
        print(f"FAILED known difference found nowhere: {entry.cases}, {entry.field}: {entry.reason}")
    reasoned = sum(outcome.passed and bool(outcome.explained) for outcome in outcomes)
    equal = sum(outcome.passed and not outcome.explained for outcome in outcomes)
    unexplained = sum(not outcome.passed for outcome in outcomes)
    print(f"{len(outcomes)} cases, {equal} equal, {reasoned} with a reasoned difference, {unexplained} unexplained")
    return len(stale)


if __name__ == "__main__":
    sys.exit(main())
