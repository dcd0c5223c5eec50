#!/bin/sh
# Runs the quickstart for several seeds, one after the other, and prints what it learned in how much time.
#
#   benchmarks/quickstart-curve.sh [--seeds "0 1 2"] [--minutes 20 | --iterations N] [--recipe FILE] [--output-dir FOLDER]
#
# Each seed's folder keeps the whole run and measured.properties, what was seen of its process. To print them again:
#
#   benchmarks/run.sh QuickstartCurve output/quickstart-curve/seed-*
#
# Leave the machine alone meanwhile; the report tells the load that it began with.
set -eu
benchmarks=$(cd "$(dirname "$0")" && pwd -P)
home=$(dirname "$benchmarks")

seeds="0 1 2"
minutes=20
iterations=
recipe=$home/recipes/quickstart.yaml
output=output/quickstart-curve

fail() {
    echo "quickstart-curve: $1" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
        --seeds) seeds=$2 ;;
        --minutes) minutes=$2 ;;
        --iterations) iterations=$2 ;;
        --recipe) recipe=$2 ;;
        --output-dir) output=$2 ;;
        *) fail "unknown option $1; there are --seeds, --minutes, --iterations, --recipe, --output-dir" ;;
    esac
    shift 2
done

[ -r /proc/self/status ] || fail "needs Linux's /proc to read the peak memory"
for seed in $seeds; do
    [ ! -e "$output/seed-$seed" ] || fail "$output/seed-$seed exists already; remove it or choose another --output-dir"
done

# Builds what is missing, so that no run's clock includes it.
"$home/flowguard" --version >/dev/null

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
past() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }

# Runs one seed, and writes what only an observer can see into its folder.
measure() {
    folder=$output/seed-$1
    # By time: as many iterations as nobody waits for, ended by TERM, upon which everything is written.
    if [ -n "$iterations" ]; then limit=$iterations; else limit=1000000; fi
    read -r load _ </proc/loadavg
    start=$(now)
    FLOWGUARD_BUILD=never "$home/flowguard" train "$recipe" --seed "$1" --iterations "$limit" --output-dir "$folder" &
    pid=$!
    trap 'kill -TERM $pid 2>/dev/null; wait $pid' INT TERM
    first=
    peak=
    stopped=
    pause=0.2
    while kill -0 $pid 2>/dev/null; do
        high=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$pid/status" 2>/dev/null) || high=
        [ -z "$high" ] || peak=$high
        if [ -z "$first" ] && grep -q '"iteration": *1,' "$folder/metrics.jsonl" 2>/dev/null; then
            first=$(since "$start")
            pause=1
        fi
        if [ -z "$iterations" ] && [ -z "$stopped" ] && past "$(since "$start")" $((minutes * 60 + 30)); then
            kill -TERM $pid
            stopped=yes
        fi
        sleep $pause
    done
    status=0
    wait $pid || status=$?
    trap - INT TERM
    # 143: ended by our TERM.
    [ $status -eq 0 ] || { [ $status -eq 143 ] && [ -n "$stopped" ]; } || fail "the run of seed $1 ended with status $status"
    [ -n "$first" ] || first=unknown
    {
        echo "first_iteration_seconds=$first"
        echo "peak_rss_kib=$peak"
        echo "load_before=$load"
    } >"$folder/measured.properties"
}

folders=
for seed in $seeds; do
    echo "quickstart-curve: seed $seed" >&2
    measure "$seed"
    folders="$folders $output/seed-$seed"
done

uname -srm
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
# shellcheck disable=SC2086  # one word a folder; seeds hold no spaces, and output must not either
exec "$benchmarks/run.sh" QuickstartCurve $folders
