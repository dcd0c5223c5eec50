#!/bin/bash
# Trains the arms that docs/evidence.md compares, each with several seeds.
#
#   benchmarks/evidence.sh [--side-by-side N] [--output-dir FOLDER] [ARM...]
#
# Without ARM: all of them, in the order of the table below. A run that is as long as the table says is not run again, and a shorter
# one is resumed, so the script may be stopped and called again. Each run computes with one thread; as many go side by side as there
# are processors, or N.
set -euo pipefail
benchmarks=$(cd "$(dirname "$0")" && pwd -P)
home=$(dirname "$benchmarks")

output=output/evidence
lanes=$(nproc)

# An arm is a recipe of recipes/evidence under a preset, with what it sets otherwise than the recipe and the preset do.
# TempFlow-GRPO scores and evaluates 3.7 times as much a group: two groups an iteration cost the sampler what eight cost the others.
#
# arm                | seeds     | iterations | recipe       | preset        | sets
arms='
hack-guard           | 0 1 2 3 4 | 50         | ocr-and-size | grpo-guard    |
hack-flow            | 0 1 2 3 4 | 50         | ocr-and-size | flow-grpo     |
ocr-guard            | 0 1 2     | 30         | ocr          | grpo-guard    |
ocr-flow             | 0 1 2     | 30         | ocr          | flow-grpo     |
even-guard           | 0 1 2     | 20         | ocr-and-size | grpo-guard    | shift=1 learning_rate=4.0e-4
hack-dance           | 0 1 2     | 20         | ocr-and-size | dance-grpo    |
hack-tempflow        | 0 1 2     | 20         | ocr-and-size | tempflow-grpo | per_iteration=2
guard-flow-ratio     | 0 1 2     | 20         | ocr-and-size | grpo-guard    | objective={ratio: density, step_weight: one}
guard-flow-clip      | 0 1 2     | 20         | ocr-and-size | grpo-guard    | objective={clip_range: 1.0e-4}
guard-third-rate     | 0 1 2     | 30         | ocr-and-size | grpo-guard    | learning_rate=2.0e-4
ocr-dance            | 0 1 2     | 20         | ocr          | dance-grpo    |
ocr-tempflow         | 0 1 2     | 20         | ocr          | tempflow-grpo | per_iteration=2
size-flow            | 0 1 2     | 20         | size         | flow-grpo     |
size-guard           | 0 1 2     | 20         | size         | grpo-guard    |
'

fail() {
    echo "evidence: $1" >&2
    exit 2
}

chosen=
while [ $# -gt 0 ]; do
    case $1 in
        --side-by-side) lanes=${2:?} && shift ;;
        --output-dir) output=${2:?} && shift ;;
        -*) fail "unknown option $1; there are --side-by-side, --output-dir" ;;
        *) grep -q "^$1 " <<<"$arms" || fail "unknown arm $1; there are $(awk 'NF { printf "%s ", $1 }' <<<"$arms")" && chosen="$chosen $1" ;;
    esac
    shift
done

# Prints the arm's recipe: the evidence recipe by absolute paths, with the arm's name and its settings.
recipe_of() {
    local name=$1 recipe=$2 sets=$3 objective=
    if [[ $sets == objective=* ]]; then
        objective=${sets#objective=}
        sets=
    fi
    set -- -e "s|^name: .*|name: $name|" -e "s|\.\./quickstart/|$home/recipes/quickstart/|"
    for set in $sets; do
        set -- "$@" -e "s|^\( *${set%%=*}\): .*|\1: ${set#*=}|"
    done
    sed "$@" "$home/recipes/evidence/$recipe.yaml"
    if [ -n "$objective" ]; then printf '\nobjective: %s\n' "$objective"; fi
}

# Trains one arm with one seed, unless it has been.
train() {
    local name=$1 seed=$2 preset=$3 iterations=$4 folder=$output/$1-$2 trained=0 resume=
    if [ -e "$folder.done" ]; then trained=$(<"$folder.done"); fi
    [ "$trained" -lt "$iterations" ] || return 0
    if [ "$trained" -gt 0 ]; then resume=--resume; else rm -rf "$folder"; fi
    echo "$(date +%H:%M:%S) $name, seed $seed"
    if FLOWGUARD_BUILD=never FLOWGUARD_THREADS=1 "$home/flowguard" train "$output/recipes/$name.yaml" --preset "$preset" \
        --seed "$seed" --iterations "$iterations" --output-dir "$folder" $resume >>"$folder.log" 2>&1; then
        echo "$iterations" >"$folder.done"
    else
        echo "$(date +%H:%M:%S) $name, seed $seed: FAILED, see $folder.log"
    fi
}

mkdir -p "$output/recipes"
output=$(cd "$output" && pwd -P)
"$home/flowguard" --version >/dev/null

while IFS='|' read -r name seeds iterations recipe preset sets; do
    read -r name <<<"$name"
    [ -n "$name" ] || continue
    [ -z "$chosen" ] || [[ " $chosen " == *" $name "* ]] || continue
    read -r recipe <<<"$recipe"
    read -r preset <<<"$preset"
    read -r sets <<<"$sets"
    recipe_of "$name" "$recipe" "$sets" >"$output/recipes/$name.yaml"
    for seed in $seeds; do
        while [ "$(jobs -rp | wc -l)" -ge "$lanes" ]; do wait -n; done
        train "$name" "$seed" "$preset" $iterations &
    done
done <<<"$arms"
wait
