#!/usr/bin/env bash
# Everything that a machine with a GPU should show, in one command; without one it goes as far as the processor can and says what was left out.
#
#     bench/gpu.sh [FOLDER]      # writes FOLDER/gpu.log too (runs/gpu)
#
# What runs here: the doctor; parity with the reference numbers; step times with the share of the backend's own peak; the search without settings on
# all backends in step; leaks. Where no backend computes on a GPU, steps are small and few and the search has one epoch. It ends with a line for each
# check and each backend. GPU_CONFIGS ("8,5,32,28 16,8,64,32") and GPU_STEPS (20) choose the steps that are timed.
# Exit codes: 0 all checks hold, also where some had to be left out; 1 one fails; 2 wrong usage.
set -u
cd "$(dirname "$0")/.."
case ${1-} in
  --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' bench/gpu.sh; exit 0 ;;
  -*) echo "error: Unknown option '$1'; to see how it is used: --help" >&2; exit 2 ;;
esac
if [ $# -gt 1 ]; then echo "error: Unexpected argument '$2'; to see how it is used: --help" >&2; exit 2; fi
folder=${1:-runs/gpu}
mkdir -p "$folder" || exit 1
exec > >(tee "$folder/gpu.log") 2>&1
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL-2}
failed=0
summary=()
step() { # step NAME COMMAND...
  local name=$1 begun=$SECONDS result=holds
  shift
  echo "== $name"
  "$@" || { failed=$((failed + 1)); result=FAILS; echo "FAILED"; }
  summary+=("$(printf '%-8s %5d s  %s' "$result" $((SECONDS - begun)) "$name")")
}
left_out() { # left_out WHAT WHY
  echo "left out: $1: $2"
  summary+=("$(printf '%-8s %7s  %s: %s' "left out" "" "$1" "$2")")
}

# CUDA's libraries inside Python's wheels (pip install 'tensorflow[and-cuda]'): TensorFlow finds them by the path of libraries.
nvidia_libraries() {
  python3 -c 'import glob, importlib.util as u
spec = u.find_spec("nvidia")
print(":".join(path for root in (spec.submodule_search_locations if spec else []) for path in glob.glob(root + "/*/lib")))' 2>/dev/null
}
libraries=$(nvidia_libraries)
if [ -n "$libraries" ]; then export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; fi

echo "== machine"
node --version
if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv
else
  left_out "nvidia-smi" "it is not there; no NVIDIA driver is installed"
fi

# The device of a backend, or the reason why it is not there behind a dash.
device_of() {
  npx tsx bin/doctor.ts --backend "$1" --seconds 0 --json 2>/dev/null | tail -n 1 | node -e '
    const { backends: [{ device, available, problem, cure }] } = JSON.parse(require("node:fs").readFileSync(0, "utf8"))
    console.log(available ? device : `-${[problem, cure].filter(Boolean).join("; ")}`)'
}
step "doctor" npx tsx bin/doctor.ts
cards=$(ls -d /dev/nvidiactl /dev/dxg /dev/dri 2>/dev/null)
backends=()
gpus=()
for name in tfjs-gpu onnx-cuda onnx-webgpu; do
  device=$(device_of "$name")
  case $device in
    "" | -*) left_out "$name" "${device#-}"; continue ;;
    GPU*) if [ -n "$cards" ]; then gpus+=("$name"); else device="a driver in software, by the name of $device"; fi ;;
  esac
  backends+=("$name")
  echo "$name computes on: $device"
  summary+=("$(printf '%-8s %7s  %s: %s' "computes" "" "$name" "$device")")
done

golden=(test/golden/*.safetensors)
if [ -d ../shared/golden ]; then golden=(../shared/golden/*.safetensors); fi
for name in "${backends[@]}"; do
  for file in "${golden[@]}"; do step "parity on $name: $(basename "$file")" npx tsx bench/parity.ts "$file" --backend "$name"; done
done

chosen=()
for name in "${backends[@]}" onnx; do chosen+=(--backend "$name"); done
same=(--backend onnx)
for name in "${backends[@]}" tfjs-wasm; do same+=(--backend "$name"); done
if [ "${#gpus[@]}" -gt 0 ]; then configs="8,5,32,28 16,8,64,32" steps=20; else configs=8,5,16,16 steps=3 same+=(--epochs 1); fi
for config in ${GPU_CONFIGS:-$configs}; do
  step "step times, $config" npx tsx bench/backends.ts "${chosen[@]}" --config "$config" --steps "${GPU_STEPS:-$steps}"
done
step "the same search" npx tsx bench/same_search.ts "${same[@]}"
for name in "${backends[@]}"; do step "no leak on $name" npx tsx bench/leak.ts --backend "$name"; done

echo "== summary"
printf '%s\n' "${summary[@]}"
if [ "${#gpus[@]}" -eq 0 ]; then echo "no backend computed on a GPU: these numbers say nothing about one"; else echo "on a GPU: ${gpus[*]}"; fi
echo "$failed failed"
[ "$failed" = 0 ]
