/**
 * Times the first-order DARTS step of the DARTS search network beside PyTorch's: one alpha update
 * on a validation batch, one weight update on a training batch. Ours is the very program that a
 * search runs.
 *
 *     npx tsx bench/darts_step.ts [--peer torch_darts_step.py] [--config 8,5,32,28] [--threads 2] [--steps 4]
 *         [--rounds 5] [--profile] [--json]
 *
 * A configuration is channels, cells, batch, image size. The sides take turns in rounds, a process
 * each: a ratio is the median of the rounds' ratios, beside its quartiles, and both sides'
 * processor seconds per step stand beside it. `python3` of the path runs PyTorch. A first process
 * of each side, which compiles, is in no round. `--profile` prints where ONNX Runtime's time goes,
 * by operator. The roofline is what this machine's own matrix products and additions would need for
 * the programs' multiply-adds, and for the bytes if each node's operands and result went through
 * memory.
 */
import { fileURLToPath } from "node:url"
import { many, scriptFlags, sizes, text, toggle, whole } from "./_flags.ts"
import { torchDartsStep } from "./_peers.ts"
import { stepBench } from "./_step_bench.ts"

const flags = scriptFlags({
  peer: text("../shared/peers/torch_darts_step.py"),
  config: many(sizes([8, 5, 32, 28]), [
    [8, 5, 32, 28],
    [16, 8, 64, 32]
  ]),
  threads: whole(2),
  steps: whole(4),
  rounds: whole(5),
  profile: toggle,
  json: toggle,
  worker: text(undefined),
  cache: text("")
})

await stepBench({ script: fileURLToPath(import.meta.url), space: "darts", peer: torchDartsStep }, flags)
