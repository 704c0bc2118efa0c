#!/bin/bash
# What speech sounds like behind Hotline: `make quality`. Needs Python 3 with venv and a C compiler (for pesq), and espeak-ng.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
work=$target/quality
python=$work/venv/bin/python
text='Good morning, you are speaking with the service team. Please hold the line while I look up your contract number,
seven four two, and the bill of last month. I can see that it was sent on the third, and that it has not been paid.
Shall I send it to you again, or would you rather pay it now?'

mkdir -p "$work"
if ! "$python" -c 'import pesq' 2>/dev/null; then
	python3 -m venv "$work/venv"
	"$python" -m pip install --quiet --requirement tests/quality/requirements.txt
fi
espeak-ng -v en-us -s 150 -w "$work/speech.wav" "$text"
cargo build --quiet --release --locked --package hotline-record-io --example quality
rm -rf "$work/heard"
mkdir -p "$work/heard"
"$target/release/examples/quality" "$work/speech.wav" "$work/heard" "${SEEDS:-2}"
"$python" tests/quality/pesq_scores.py "$work/heard"
