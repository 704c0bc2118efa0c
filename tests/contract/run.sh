#!/bin/bash
# The whole HTTP interface against its own description (OpenAPI), tried by schemathesis on the built server with the shipped
# demo center: `make contract`, and part of `make test`. Needs Python 3 with venv. SEED and EXAMPLES change what is tried.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/contract"
work=$(cd "$target/contract" && pwd)
hotline=$(cd "$target" && pwd)/debug/hotline
python=$work/venv/bin/python
# The shipped admin of config/center.yaml.
user=admin password=hotline-admin

if ! cmp -s tests/contract/requirements.txt "$work/installed.txt"; then
	rm -rf "$work/venv"
	python3 -m venv "$work/venv"
	"$python" -m pip install --quiet --requirement tests/contract/requirements.txt
	cp tests/contract/requirements.txt "$work/installed.txt"
fi

# A center of its own, on ports that are free.
rm -rf "$work/center"
mkdir -p "$work/center"
cp -r config ivr-flows "$work/center"
# Not a link: prompts come and go here.
cp -r sounds "$work/center"
sed -i -E 's/(listen: 127\.0\.0\.1):[0-9]+/\1:0/' "$work/center/config/hotline.yaml"

cd "$work/center"
mkfifo said
HOTLINE_LOG=${HOTLINE_LOG:-warn} "$hotline" >said 2>"$work/server.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
exec {said}<said
url=
while read -r -u "$said" line; do
	if [[ $line =~ http://[0-9.]+:[0-9]+ ]]; then url=${BASH_REMATCH[0]}; break; fi
done
[ -n "$url" ] || { cat "$work/server.log" >&2; echo "The server did not start." >&2; exit 1; }
cat <&"$said" >/dev/null &

CONTRACT_TOKEN=$(curl --fail --silent --show-error --json "{\"user\":\"$user\",\"password\":\"$password\",\"name\":\"contract\"}" \
	"$url/api/v1/tokens" | "$python" -c 'import json, sys; print(json.load(sys.stdin)["token"])')
export CONTRACT_TOKEN PYTHONPATH=$here/tests/contract SCHEMATHESIS_HOOKS=hooks
status=0
"$work/venv/bin/schemathesis" --config-file "$here/tests/contract/schemathesis.toml" --no-color run "$url/api/v1/openapi.json" \
	--checks all --seed "${SEED:-1}" ${EXAMPLES:+--max-examples "$EXAMPLES"} "$@" || status=$?
if ! kill -0 "$server" 2>/dev/null; then
	wait "$server" || echo "The server ended with $?." >&2
	cat "$work/server.log" >&2
	status=1
fi
if grep -q 'ended in a panic' "$work/server.log"; then grep -a 'panic' "$work/server.log" >&2; status=1; fi
exit "$status"
