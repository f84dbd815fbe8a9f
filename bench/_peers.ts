import { existsSync } from "node:fs"
import type { StepSizes } from "./_darts_programs.ts"
import type { Timed } from "./_rounds.ts"
import { lastJson, runAlone } from "./_run_alone.ts"

/** What a process tells of its steps. */
export interface StepTimes extends Timed {
  readonly peakBytes: number
  /** The peer's version; none of our own steps. */
  readonly version?: string
}

/** How a step is run: what our side and a peer have in common. */
export interface StepRun {
  readonly threads: number
  readonly steps: number
}

/**
 * Runs a script that reads `time.perf_counter` before and after every step, and adds the processor
 * time of the steps as the last line of its output.
 */
const WATCHED = `
import json, runpy, statistics, sys, time
clock, marks = time.perf_counter, []
del sys.argv[0]
script = sys.argv[0]
def perf_counter():
    if sys._getframe(1).f_code.co_filename == script:
        marks.append(time.process_time())
    return clock()
time.perf_counter = perf_counter
runpy.run_path(script, run_name="__main__")
steps = [1000 * (b - a) for a, b in zip(marks[::2], marks[1::2])]
print(json.dumps(dict(cpuMs=statistics.median(steps), version=sys.modules["torch"].__version__)))
`

/**
 * Runs a script of PyTorch under the `python3` of the path; `ms` finds a step's milliseconds in
 * what it prints.
 */
async function torchSteps(
  script: string,
  args: ReadonlyArray<string | number>,
  ms: (out: string) => number
): Promise<StepTimes> {
  if (!existsSync(script)) throw new Error(`${script} is missing`)
  const { out, peakBytes } = await runAlone("python3", ["-c", WATCHED, script, ...args.map(String)]).catch(
    (error: Error) => {
      throw new Error(
        /No module named 'torch'/.test(error.message) ? "python3 has no torch: pip install torch" : error.message
      )
    }
  )
  const { cpuMs, version } = lastJson(out)
  return { ms: ms(out), cpuMs: cpuMs!, version: String(version), peakBytes }
}

/** One run of `torch_darts_step.py`, with neighbors in the alpha update. */
export function torchDartsStep(
  script: string,
  [channels, cells, batch, image]: StepSizes,
  { threads, steps }: StepRun,
  neighbors = 0
): Promise<StepTimes> {
  const given = { channels, layers: cells, batch, image, neighbors, threads, steps }
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value])
  return torchSteps(script, args, (out) => Number(/"ms_per_step": ([\d.]+)/.exec(out)![1]))
}

/** One run of `torch_nb201_step.py`, which always times 30 steps. */
export function torchNasBench201Step(script: string, sizes: StepSizes, { threads }: StepRun): Promise<StepTimes> {
  return torchSteps(script, [...sizes, threads], (out) => Number(/median ms ([\d.]+)/.exec(out)![1]))
}
