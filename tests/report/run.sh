#!/usr/bin/env bash
# The HTML report in a real browser: accessibility, no network, no script, same bytes, printed unfolded.
# Usage: bash tests/report/run.sh PYTHON   (the Python that has sijoint[report] installed)
set -euo pipefail

python=${1:?usage: tests/report/run.sh PYTHON}
here=$(cd "$(dirname "$0")" && pwd)
tools=${REPORT_TOOLS:-${TMPDIR:-/tmp}/sijoint-report-tools}
work=$(mktemp -d "${TMPDIR:-/tmp}/sijoint-report.XXXXXX")

install() {
  command -v "$1" >/dev/null && return
  echo "installing $2" >&2
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

install chromium chromium
install node nodejs
install npm npm
install pdftotext poppler-utils

mkdir -p "$tools"
cp "$here/package.json" "$tools/"
[ -d "$tools/node_modules/axe-core" ] || npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error

PYTHONHASHSEED=1 "$python" "$here/write.py" "$work/one"
PYTHONHASHSEED=2 "$python" "$here/write.py" "$work/two"
diff -rq "$work/one" "$work/two" || { echo "FAILED: two processes wrote different bytes" >&2; exit 1; }
echo "$(ls "$work/one" | wc -l) reports, the same bytes from two processes"

NODE_PATH="$tools/node_modules" node "$here/drive.js" "$work/one" "$work/seen"
echo "screenshots and PDF pages: $work/seen"
