#!/bin/bash
# Writes trained states as the bundled models, with what depends on their weights.
#   src/training/characters/bundle.sh CACHE VMOE.pt TWIN.pt [SMALLER_TWIN.pt]
# Also draws target/held-out: images of held-out pairs, other ones than the test set's, for the quality profile (README.md).
set -eu
cache=$(realpath "$1") vmoe=$(realpath "$2") dense=$(realpath "$3") smaller=${4:+$(realpath "$4")}
cd "$(dirname "$0")/.."
scripts=kanji-1,hiragana,katakana,latin,greek,cyrillic
models=../models/characters
/usr/bin/python3 -m characters.export "$vmoe" $models/vmoe-bpr --scripts $scripts
/usr/bin/python3 -m characters.export "$dense" $models/dense --scripts $scripts
[ -z "$smaller" ] || /usr/bin/python3 -m characters.export "$smaller" $models/dense-3 --scripts $scripts
/usr/bin/python3 export_parity.py characters
/usr/bin/python3 -m characters.test_set --cache "$cache" --scripts $scripts --splits held-out --images 5000 --seed 20220631 ../../target/held-out
