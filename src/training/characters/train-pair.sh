#!/bin/bash
# Trains the dense twin and the V-MoE from scratch in turns, on the same images. Started again, it goes on where it stopped.
#   src/training/characters/train-pair.sh CACHE STATE
# One process at a time, one thread. After each turn both models have seen equally many images, so their curves compare.
set -eu
cache=$(realpath "$1") state=$(realpath -m "$2")
cd "$(dirname "$0")/.."
export MALLOC_MMAP_THRESHOLD_=17179869184 MALLOC_TRIM_THRESHOLD_=17179869184 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 OMP_NUM_THREADS=1
common=$(awk -F, 'NR > 1 && $3 != "kanji-2" && $3 != "hanzi" && !seen[$3]++ { printf "%s%s", n++ ? "," : "", $3 }' characters/classes.csv)
recipe=(--mlp 1152 --batch 256 --scripts "$common" --easy-until 100000 --hard-from 500000 --report 100)
for images in 128000 256000 512000 768000 1024000 1536000 2048000 3072000 4096000; do
  for model in "common-d192-dense" "common-d192-vmoe --moe-blocks 1,2,3"; do
    # shellcheck disable=SC2086
    /usr/bin/python3 -m characters.train --cache "$cache" --state "$state" --images $images "${recipe[@]}" --name $model
  done
done
