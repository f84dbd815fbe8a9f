import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { flattened, type Layout } from "../../../src/domain/program/layout.ts"
import { elementCount, type Program } from "../../../src/domain/program/program.ts"
import {
  AdamSettings,
  clipByNorm,
  euclideanNorm,
  OptimizerSettings,
  SgdSettings,
  tensorsStep
} from "../../../src/domain/training/optimizer.ts"
import { evaluate } from "../program/_programs.ts"

const SHAPES = { a: [3], b: [2, 1] } as const
const NAMES = ["a", "b"] as const

/** An optimizer's step on two tensors, whose gradients are inputs. */
function stepProgram(settings: OptimizerSettings): Program {
  return Either.getOrThrow(
    buildProgram((b) => {
      const layout = NAMES.map((name) => ({ role: "state", name, shape: SHAPES[name] }) as const)
      const value = (one: Layout[number]) => b.input(one, one.shape)
      const gradient = flattened(
        b,
        NAMES.map((name) => b.input(`gradient/${name}`, SHAPES[name]))
      )
      tensorsStep(b, layout, { value, gradient }, { optimizer: settings, learningRate: b.input("learningRate", []) })
    })
  )
}

type Values = readonly [ReadonlyArray<number>, ReadonlyArray<number>]
const START: Values = [
  [1, -2, 0.5],
  [3, 0.25]
]

/** The gradients of t Σ a³ / 3 + Σ sin(t b), a function whose steps PyTorch has taken. */
function gradientsAt([a, b]: Values, t: number): Values {
  return [a.map((x) => t * x * x), b.map((x) => t * Math.cos(t * x))]
}

/** Steps 1, 2, … of an optimizer; the values after each. */
function steps(settings: OptimizerSettings, count: number, learningRate: number) {
  const program = stepProgram(settings)
  const state = new Map<string, ArrayLike<number>>()
  for (const [name, { shape }] of program.inputs) state.set(name, new Float64Array(elementCount(shape)))
  let values = START
  return Array.from({ length: count }, (_, i) => {
    const gradients = gradientsAt(values, i + 1)
    for (const [k, name] of NAMES.entries()) state.set(name, values[k]!).set(`gradient/${name}`, gradients[k]!)
    state.set("learningRate", [learningRate])
    for (const [name, value] of evaluate(program, state)) state.set(name, value)
    values = [Array.from(state.get("a")!), Array.from(state.get("b")!)]
    return values.flat()
  })
}

function close(a: ReadonlyArray<number>, b: ReadonlyArray<number>, tolerance = 1e-12) {
  assert.is(a.length, b.length)
  for (const [i, x] of a.entries()) assert.ok(Math.abs(x - b[i]!) <= tolerance * Math.max(1, Math.abs(b[i]!)), `${a}`)
}

const sgdOf = (settings: Omit<typeof SgdSettings.Encoded, "_tag">) =>
  Schema.decodeSync(SgdSettings)({ _tag: "Sgd", ...settings })
const adamOf = (settings: Omit<typeof AdamSettings.Encoded, "_tag">) =>
  Schema.decodeSync(AdamSettings)({ _tag: "Adam", ...settings })

const test = suite("sgd(), adam()")

test("are PyTorch's after three steps", () => {
  const recorded = [
    [
      sgdOf({ momentum: 0, weightDecay: 0 }),
      [0.5746068, -7.337011200000001, 0.37443724531249994, 3.1241540180304175, -0.33568209519381115]
    ],
    [
      sgdOf({ momentum: 0.9, weightDecay: 0.01 }),
      [0.29179533525100787, -9.827363712040754, 0.29456843731028926, 3.1383637007784326, -0.6548021520351104]
    ],
    [
      sgdOf({ momentum: 0.9, weightDecay: 0.01, nesterov: true }),
      [0.16614885945471897, -27.715065866205947, 0.229050966077107, 3.173532626181425, -0.8430555039890937]
    ],
    [
      adamOf({ beta1: 0.5, weightDecay: 0.1 }),
      [0.686803042456153, -2.318309018078865, 0.19908430358336018, 3.0668256835046153, -0.06793218018970697]
    ],
    [
      adamOf({}),
      [0.702526410630607, -2.2895631627216426, 0.20043420549649954, 3.0966736483349115, -0.04221592552424101]
    ]
  ] as const
  for (const [settings, expected] of recorded) close(steps(settings, 3, 0.1)[2]!, expected)
})

test("are their definitions, element by element, at each of six steps", () => {
  const rate = 0.03
  for (const nesterov of [false, true]) {
    const settings = sgdOf({ momentum: 0.7, nesterov, weightDecay: 0.2 })
    const values = START.map((tensor) => [...tensor]) as [Array<number>, Array<number>]
    const moments = START.map((tensor) => tensor.map(() => 0))
    for (const [i, made] of steps(settings, 6, rate).entries()) {
      for (const [k, gradient] of gradientsAt(values, i + 1).entries()) {
        for (const [e, raw] of gradient.entries()) {
          const g = raw + 0.2 * values[k]![e]!
          const moment = i === 0 ? g : 0.7 * moments[k]![e]! + g
          moments[k]![e] = moment
          values[k]![e]! -= rate * (nesterov ? g + 0.7 * moment : moment)
        }
      }
      close(made, values.flat())
    }
  }
  const values = START.map((tensor) => [...tensor]) as [Array<number>, Array<number>]
  const [first, second] = [START.map((tensor) => tensor.map(() => 0)), START.map((tensor) => tensor.map(() => 0))]
  const settings = adamOf({ beta1: 0.6, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.2 })
  for (const [i, made] of steps(settings, 6, rate).entries()) {
    for (const [k, gradient] of gradientsAt(values, i + 1).entries()) {
      for (const [e, raw] of gradient.entries()) {
        const g = raw + 0.2 * values[k]![e]!
        first[k]![e] = 0.6 * first[k]![e]! + 0.4 * g
        second[k]![e] = 0.9 * second[k]![e]! + 0.1 * g * g
        const corrected = [first[k]![e]! / (1 - 0.6 ** (i + 1)), second[k]![e]! / (1 - 0.9 ** (i + 1))] as const
        values[k]![e]! -= (rate * corrected[0]) / (Math.sqrt(corrected[1]) + 1e-3)
      }
    }
    close(made, values.flat())
  }
})

test("keep only what they need: no momentum, no moments; Adam counts its steps", () => {
  const names = (settings: OptimizerSettings) => {
    const { inputs, outputs } = stepProgram(settings)
    return [...inputs.keys()].filter((name) => outputs.has(name)).sort()
  }
  assert.equal(names(sgdOf({ momentum: 0 })), ["a", "b"])
  assert.equal(names(sgdOf({})), ["a", "b", "moment"])
  assert.equal(names(adamOf({})), ["a", "adam/step", "b", "first", "second"])
  assert.not([...stepProgram(sgdOf({ momentum: 0 })).outputs.keys()].includes("moment"))
  const inputs = new Map([...stepProgram(adamOf({})).inputs.keys()].map((name) => [name, [4, 4, 4]] as const))
  const sized = new Map(
    [...inputs].map(([name]) => [name, new Array(/a$/.test(name) ? 3 : /b$/.test(name) ? 2 : 5).fill(1)] as const)
  )
  const made = evaluate(stepProgram(adamOf({})), new Map([...sized, ["adam/step", [4]], ["learningRate", [1]]]))
  assert.equal(Array.from(made.get("adam/step")!), [5])
})

test("settings out of range are refused, and Nesterov's without a momentum", () => {
  const decode = Schema.decodeUnknownEither(OptimizerSettings)
  const refused = [
    { _tag: "Sgd", momentum: 1 },
    { _tag: "Sgd", momentum: -0.1 },
    { _tag: "Sgd", momentum: 0, nesterov: true },
    { _tag: "Sgd", weightDecay: -1 },
    { _tag: "Adam", beta1: 1 },
    { _tag: "Adam", beta2: -0.1 },
    { _tag: "Adam", epsilon: 0 },
    { _tag: "Adam", weightDecay: Number.NaN }
  ]
  for (const settings of refused) assert.ok(Either.isLeft(decode(settings)), JSON.stringify(settings))
  const nesterov = decode(refused[2])
  assert.match(Either.isLeft(nesterov) ? nesterov.left.message : "", "a momentum above 0")
  assert.equal(decode({ _tag: "Adam" }), Either.right(adamOf({})))
})

test.run()

const clipping = suite("clipByNorm(), euclideanNorm()")

clipping("are PyTorch's clip_grad_norm_, beyond the limit, at it, and within", () => {
  const clip = (limit: number) =>
    Either.getOrThrow(
      buildProgram((b) => {
        const given = b.input("gradient", [5])
        const norm = euclideanNorm(b, given)
        b.output("clipped", clipByNorm(b, given, norm, limit))
        b.output("norm", norm)
      })
    )
  const given = [3, 0, 0, 4, 0]
  const recorded = [
    [1, 0.599999880000024, 0.799999840000032],
    [5, 2.99999940000012, 3.99999920000016],
    [6, 3, 4]
  ] as const
  for (const [limit, a, b] of recorded) {
    const made = evaluate(clip(limit), new Map([["gradient", given]]))
    close(Array.from(made.get("clipped")!), [a, 0, 0, b, 0], 1e-14)
    assert.is(made.get("norm")![0], 5)
  }
  assert.equal(Array.from(evaluate(clip(1), new Map([["gradient", [0, 0, 0, 0, 0]]])).get("norm")!), [0])
  const single = evaluate(clip(1e-4), new Map([["gradient", given.map((v) => 1e4 * v)]]), "f32")
  assert.ok(Math.abs(single.get("clipped")![0]! / 6e-5 - 1) < 1e-6)
})

clipping.run()
