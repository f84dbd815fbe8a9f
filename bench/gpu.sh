#!/usr/bin/env bash
# Everything that a machine with a GPU should show, in one command; without one it goes as far as the processor can and says what was left out.
#
#     bench/gpu.sh [FOLDER]      # writes FOLDER/gpu.log too (runs/gpu)
#
# What runs here: the doctor; parity with the reference numbers; step times with the share of the backend's own peak; the search without settings on
# all backends in step; leaks. Exits 1 where a check fails.
set -u
cd "$(dirname "$0")/.."
folder=${1:-runs/gpu}
mkdir -p "$folder"
exec > >(tee "$folder/gpu.log") 2>&1
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL-2}
failed=0
step() { # step NAME COMMAND...
  echo "== $1"
  shift
  "$@" || { failed=$((failed + 1)); echo "FAILED"; }
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
  echo "left out: nvidia-smi is not there; no NVIDIA driver is installed"
fi

step "doctor" npx tsx bin/doctor.ts
works() { npx tsx bin/doctor.ts --backend "$1" --seconds 0 --json 2>/dev/null | tail -n 1 | grep -q '"available":true'; }
backends=()
for name in tfjs-gpu onnx-cuda onnx-webgpu; do
  if works "$name"; then backends+=("$name"); else echo "left out: $name, for the reason above"; fi
done

golden=(test/golden/*.safetensors)
if [ -d ../shared/golden ]; then golden=(../shared/golden/*.safetensors); fi
for name in "${backends[@]}"; do
  for file in "${golden[@]}"; do step "parity on $name: $(basename "$file")" npx tsx bench/parity.ts "$file" --backend "$name"; done
done

chosen=()
for name in "${backends[@]}" onnx; do chosen+=(--backend "$name"); done
for config in ${GPU_CONFIGS:-8,5,32,28 16,8,64,32}; do
  step "step times, $config" npx tsx bench/backends.ts "${chosen[@]}" --config "$config" --steps "${GPU_STEPS:-20}"
done
same=(--backend onnx)
for name in "${backends[@]}" tfjs-wasm; do same+=(--backend "$name"); done
step "the same search" npx tsx bench/same_search.ts "${same[@]}"
for name in "${backends[@]}"; do step "no leak on $name" npx tsx bench/leak.ts --backend "$name"; done

echo "$failed failed"
[ "$failed" = 0 ]
