#!/usr/bin/env python3
"""What speech sounds like behind Hotline, as PESQ (ITU-T P.862.1, narrow band) rates it against what was said.

    pesq_scores.py DIRECTORY

The directory is that of the example `quality` of hotline-record-io. Prints a table for each path, the mean of all seeds,
and ends with 1 if a score is below its floor.
"""

import sys
import wave
from collections import defaultdict
from pathlib import Path

import numpy
from pesq import pesq

RATE_HZ = 8000
# The least that is borne without loss and with five percent of it, at any jitter; in between they go down evenly. A quarter below what
# was measured with speech of espeak-ng, single 20 ms packets lost at random, and a phone that waits for as long as the jitter may be.
# A recording knows no jitter before it has seen it, so what a late first packet costs is in its first seconds.
FLOORS = {
    "relay-g711": (3.7, 2.9),
    "g722-to-g711": (3.4, 2.4),
    "g711-to-g722": (3.3, 2.4),
    "opus-to-g711": (3.1, 2.1),
    "opus-fec-to-g711": (2.9, 2.3),
    "g711-to-opus": (3.1, 2.1),
    "g711-to-opus-fec": (2.9, 2.2),
    "recorded-g711": (2.9, 2.8),
    "recorded-g722": (2.9, 2.3),
    "recorded-opus": (2.75, 2.1),
    "recorded-opus-fec": (2.6, 2.2),
}
WORST_LOSS = 5
# With the worst loss forward error correction is worth so much, in the same run: the path with it, and without it.
FEC_GAIN = 0.2
WITH_FEC = {"opus-fec-to-g711": "opus-to-g711", "g711-to-opus-fec": "g711-to-opus", "recorded-opus-fec": "recorded-opus"}


def sound(path):
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2), path
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def main():
    directory = Path(sys.argv[1])
    said = sound(directory / "said.wav")
    scores = defaultdict(list)
    for line in (directory / "list.txt").read_text().splitlines():
        path, loss, jitter, _seed, name = line.split()
        scores[path, int(loss), int(jitter)].append(pesq(RATE_HZ, said, sound(directory / name), "nb"))
    losses = sorted({loss for _, loss, _ in scores})
    jitters = sorted({jitter for _, _, jitter in scores})
    below = []
    print("| path | loss, % | " + " | ".join(f"jitter {jitter} ms" for jitter in jitters) + " | floor |")
    print("|---|---|" + "---|" * (len(jitters) + 1))
    for path, (whole, worst) in FLOORS.items():
        for loss in losses:
            floor = whole - (whole - worst) * loss / WORST_LOSS
            means = [float(numpy.mean(scores[path, loss, jitter])) for jitter in jitters]
            print(f"| {path} | {loss} | " + " | ".join(f"{mean:.2f}" for mean in means) + f" | {floor:.2f} |")
            below += [(path, loss, jitter) for jitter, mean in zip(jitters, means) if mean < floor]
    gains = {}
    for path, without in WITH_FEC.items():
        mean = lambda name: float(numpy.mean([numpy.mean(scores[name, WORST_LOSS, jitter]) for jitter in jitters]))
        gains[path] = mean(path) - mean(without)
        print(f"\n{path} with {WORST_LOSS} % loss: {gains[path]:+.2f} against {without} (at least {FEC_GAIN:+.2f}).")
    poor = [path for path, gain in gains.items() if gain < FEC_GAIN]
    for path in poor:
        print(f"{path} gains too little by forward error correction", file=sys.stderr)
    for path, loss, jitter in below:
        print(f"{path} with {loss} % loss and {jitter} ms jitter is below its floor", file=sys.stderr)
    return 1 if below or poor else 0


if __name__ == "__main__":
    sys.exit(main())
