#!/bin/sh
# Makes small random pipelines of every configuration, has diffusers and transformers compute with them, and compares.
#
#   tools/parity/run.sh [FOLDER] [NAME ...]     FOLDER for pipelines and references, output/parity unless given
#
#   PYTHON   a Python that has tools/parity/requirements.txt; python3 unless set
set -eu
home=$(cd "$(dirname "$0")/../.." && pwd -P)
python=${PYTHON:-python3}
folder=${1:-$home/output/parity}
[ $# -eq 0 ] || shift

mkdir -p "$folder"
"$python" "$home/tools/parity/make_pipelines.py" "$folder/pipelines" "$@" >"$folder/make.log" 2>&1 ||
    { tail -n 20 "$folder/make.log" >&2; exit 2; }

status=0
compare() {
    name=$1
    label=$2
    shift 2
    reference=$folder/$label.safetensors
    "$python" "$home/tools/parity/make_reference.py" "$folder/pipelines/$name" "$reference" "$@" >"$folder/make.log" 2>&1 ||
        { tail -n 20 "$folder/make.log" >&2; exit 2; }
    if "$home/flowguard" parity "$folder/pipelines/$name" "$reference" >"$folder/$label.txt" 2>"$folder/$label.err"; then
        verdict=pass
    else
        verdict=FAIL
        status=1
    fi
    printf '%-24s %-5s %s\n' "$label" "$verdict" "$(cat "$folder/$label.err" "$folder/$label.txt" | tail -n 1)"
}

for pipeline in "$folder"/pipelines/*; do
    name=$(basename "$pipeline")
    if [ $# -gt 0 ]; then
        case " $* " in *" $name "*) ;; *) continue ;; esac
    fi
    compare "$name" "$name"
done
if [ $# -eq 0 ]; then
    # No pipeline masks its padding, but the text encoders can.
    compare sd35-medium sd35-medium-masked --attention-mask --components text_encoder text_encoder_2 text_encoder_3
fi
exit $status
