#!/usr/bin/env bash
# smoke.sh URL [PATH...]: exit 0 once every path (/health where none is named) answers three times in a row, 1 if not within two minutes.
set -euo pipefail

url=${1:?usage: smoke.sh URL [PATH...]}
shift
[ $# -gt 0 ] || set -- /health
pause=${SMOKE_PAUSE_S:-5}

answers() {
  for path in "$@"; do
    curl --fail --silent --show-error --max-time 3 --output /dev/null "$url$path" || return 1
  done
}

good=0
for _ in $(seq 24); do
  if answers "$@"; then
    good=$((good + 1))
    if [ "$good" -eq 3 ]; then
      echo "smoke: $url answers"
      exit 0
    fi
  else
    good=0
  fi
  sleep "$pause"
done
echo "smoke: $url does not answer" >&2
exit 1
