import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { descriptionText } from "../../src/adapters/export/describe.ts"
import { describeRequest, type Exported, exportNetwork } from "../../src/adapters/export/export_network.ts"
import { field, grouped, optional } from "../../src/domain/setting/field.ts"
import { oneOf, text, whole, yesNo } from "../../src/domain/setting/kind.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { runnable } from "./_command.ts"
import { shownOptions } from "./_run_options.ts"

const options = {
  ...grouped("Network", {
    architecture: optional(text(), "in any text form, or a published genotype's name", "none"),
    space: optional(text("name"), "a space of cells, or a JSON file of one", "as the architecture tells"),
    channels: optional(whole(1), "of the first cell", "36; imagenet 48; nas-bench-201 16"),
    cells: optional(whole(1), "in nas-bench-201 of each stage", "20; imagenet 14; nas-bench-201 5"),
    classes: optional(whole(1), "classes", "10; imagenet 1000"),
    image: optional(whole(1, "pixels"), "height and width of an image", "32; imagenet 224"),
    imageChannels: optional(whole(1), "channels of an image", "3"),
    stem: optional(oneOf("cifar", "imagenet"), "stem of a network like DARTS's", "cifar"),
    auxiliary: field(yesNo, false, 'keep the auxiliary head: a second output, "logits_aux"')
  }),
  ...grouped("Weights", {
    weights: optional(text("file"), "safetensors with weights and running statistics", "none: untrained"),
    seed: field(text(), "0", "of untrained weights, drawn as PyTorch draws them"),
    normalize: field(yesNo, false, "build the normalization in: pixels go in from 0 to 1"),
    mean: optional(text("numbers"), "of each channel in training, as 0.49,0.48,0.45", "by the weights' file"),
    std: optional(text("numbers"), "standard deviation of each channel in training", "by the weights' file")
  }),
  ...grouped("File", {
    format: field(oneOf("onnx", "torch"), "onnx", "the kind of file"),
    batch: optional(whole(1), "fix the images per run of an ONNX model", "any number"),
    out: optional(text("file"), "to write: *.onnx, or *.py for torch", "none"),
    force: field(yesNo, false, "replace files that exist"),
    describe: field(yesNo, false, "only show parameters and multiply-adds")
  }),
  json: shownOptions.json
}

export const { main, within } = runnable({
  name: "export",
  summary:
    "Write the evaluation network of an architecture as an ONNX model or a PyTorch module, or say how large it is.",
  about:
    'An ONNX model takes "image" [batch, channels, height, width] and gives "logits". With --normalize, ' +
    "pixels go in as they are, from 0 to 1; without it they are normalized before, as in training. A file of " +
    "weights that evaluate wrote tells the mean and the deviation. A PyTorch module is a source file with " +
    '"build()" and, beside it, its weights as safetensors. Weights have the names of the reference ' +
    "implementations. Totals leave an auxiliary head out, as the publications do.",
  examples: [
    "export --architecture DARTS_V2 --describe",
    "export --architecture DARTS_V2 --weights trained.safetensors --normalize --out net.onnx",
    "export --architecture 333333 --space nas-bench-201 --channels 16 --cells 5 --out net.onnx",
    "export --architecture DARTS_V1 --format torch --out net.py"
  ],
  settings: {},
  options,
  run: Effect.fn("export")(function* ({ options: { architecture, space, out, describe, json, ...asked } }) {
    if (architecture === undefined) return yield* new SettingsError({ problem: "add `architecture`" })
    const { channels, cells, classes, image, imageChannels, stem, auxiliary, ...written } = asked
    const sizes = { channels, cells, classes, image, imageChannels, stem, auxiliary }
    if (describe && out !== undefined)
      return yield* new SettingsError({ problem: "`describe` writes no file: leave out `describe` or `out`" })
    if (describe) {
      const description = yield* describeRequest({ architecture, space, sizes })
      return yield* Console.log(json ? JSON.stringify(description) : descriptionText(description))
    }
    if (out === undefined) return yield* new SettingsError({ problem: "add `out`, or `describe` to write nothing" })
    if (written.weights === undefined)
      yield* Console.error(
        `no --weights FILE: this network is not trained, its weights come from the seed "${written.seed}"`
      )
    const exported = yield* exportNetwork({ architecture, space, sizes, out, ...written })
    yield* Console.log(json ? JSON.stringify(exported) : exportedText(exported))
  })
})

function exportedText({ file, bytes, parameters, multiplyAdds, input, state }: Exported): string {
  const count = (value: number) => value.toLocaleString("en-US")
  const network = `${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds an image`
  const written = [{ file, bytes }, ...(state === undefined ? [] : [state])]
  return [...written.map((one) => `${one.file}: ${count(one.bytes)} bytes`), network, `input: ${input}`].join("\n")
}
