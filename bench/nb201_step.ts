/**
 * Times the first-order DARTS step of NAS-Bench-201's search network beside PyTorch's, as
 * `bench/darts_step.ts` does that of the DARTS space.
 *
 *     npx tsx bench/nb201_step.ts [--peer torch_nb201_step.py] [--config 8,1,64,16] [--threads 2] [--steps 8]
 *         [--rounds 5] [--profile] [--json]
 *
 * A configuration is channels, cells a stage, batch, image size; the benchmark's own search is
 * 16,5,64,32. The peer always times 30 steps, whatever `--steps` says of ours.
 */
import { fileURLToPath } from "node:url"
import { many, scriptFlags, sizes, text, toggle, whole } from "./_flags.ts"
import { torchNasBench201Step } from "./_peers.ts"
import { stepBench } from "./_step_bench.ts"

const flags = scriptFlags({
  peer: text("../shared/peers/torch_nb201_step.py"),
  config: many(sizes([8, 1, 64, 16]), [[8, 1, 64, 16]]),
  threads: whole(2),
  steps: whole(8),
  rounds: whole(5),
  profile: toggle,
  json: toggle,
  worker: text(undefined),
  cache: text("")
})

await stepBench({ script: fileURLToPath(import.meta.url), space: "nas-bench-201", peer: torchNasBench201Step }, flags)
