#!/usr/bin/env bash
# smoke.sh URL: exit 0 once /health and the site answer three times in a row, 1 if they do not within two minutes.
set -euo pipefail

url=${1:?usage: smoke.sh URL}
pause=${SMOKE_PAUSE_S:-5}
good=0
for _ in $(seq 24); do
  if curl --fail --silent --show-error --max-time 3 --output /dev/null "$url/health" &&
    curl --fail --silent --show-error --max-time 3 --output /dev/null "$url/"; then
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
