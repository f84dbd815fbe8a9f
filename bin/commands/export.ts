import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { descriptionText } from "../../src/adapters/export/describe.ts"
import { describeRequest, type Exported, exportNetwork } from "../../src/adapters/export/export_network.ts"
import { runnable } from "../../src/adapters/terminal/run_command.ts"
import { PUBLISHED_GENOTYPES } from "../../src/domain/architecture/published_genotypes.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"

const HELP = `Write the evaluation network of an architecture as an ONNX model or a PyTorch module, or say how large it is.

Examples:

  export --architecture DARTS_V2 --describe

  export --architecture DARTS_V2 --weights trained.safetensors --out net.onnx

  export --architecture 'Genotype(normal=[...], normal_concat=range(2, 6), reduce=[...], reduce_concat=range(2, 6))' --format torch --out net.py

  export --architecture DARTS_V2 --weights trained.safetensors --normalize --mean 0.49,0.48,0.45 --std 0.25,0.24,0.26 --out net.onnx

  export --architecture 333333 --space nas-bench-201 --channels 16 --cells 5 --out net.onnx

  export --architecture '|nor_conv_3x3~0|+|skip_connect~0|dil_conv_3x3~1|' --space my-cells.json --out net.onnx

An ONNX model takes "image" [batch, channels, height, width], any number of images unless --batch fixes it, and
gives "logits". With --normalize, pixels go in as they are, from 0 to 1; without it they are normalized before, as
in training. A file of weights that evaluate wrote tells the mean and the deviation. A PyTorch module is a source
file with "build()" and, beside it, its weights as safetensors; it needs torch alone. Names of weights are those of
the reference implementations. Totals of parameters and multiply-adds (of one image) leave an auxiliary head out,
as the publications do.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

const optional = <A>(option: Options.Options<A>, description: string) =>
  option.pipe(Options.withDescription(description), Options.optional)
const flag = (name: string, description: string) => Options.boolean(name).pipe(Options.withDescription(description))

const options = {
  architecture: Options.text("architecture").pipe(
    Options.withDescription(`any text form, or one of ${Object.keys(PUBLISHED_GENOTYPES).join(", ")}`)
  ),
  space: optional(
    Options.text("space"),
    "darts, nas-bench-201 or another space of cells, a JSON file too; told by most architectures"
  ),
  channels: optional(Options.integer("channels"), "channels of the first cell (36; imagenet 48; nas-bench-201 16)"),
  cells: optional(Options.integer("cells"), "cells, in nas-bench-201 of each stage (20; imagenet 14; nas-bench-201 5)"),
  classes: optional(Options.integer("classes"), "classes (10; imagenet 1000)"),
  image: optional(Options.integer("image"), "height and width of an image (32; imagenet 224)"),
  imageChannels: optional(Options.integer("image-channels"), "channels of an image (3)"),
  stem: optional(Options.choice("stem", ["cifar", "imagenet"]), "stem of a network like DARTS's (cifar)"),
  auxiliary: flag("auxiliary", 'keep the auxiliary head of a network like DARTS\'s: a second output, "logits_aux"'),
  weights: optional(Options.text("weights"), "safetensors file with weights and running statistics"),
  seed: Options.text("seed").pipe(
    Options.withDescription("any text, for weights as PyTorch draws them where there is no --weights (0)"),
    Options.withDefault("0")
  ),
  batch: optional(Options.integer("batch"), "fix the images per run of an ONNX model (any number)"),
  normalize: flag(
    "normalize",
    "build the normalization of images into the network, which then takes pixels from 0 to 1"
  ),
  mean: optional(
    Options.text("mean"),
    "mean of each channel in training, as 0.49,0.48,0.45 (told by evaluate's weights)"
  ),
  std: optional(Options.text("std"), "standard deviation of each channel in training (told by evaluate's weights)"),
  format: Options.choice("format", ["onnx", "torch"]).pipe(
    Options.withDescription("the kind of file (onnx)"),
    Options.withDefault("onnx" as const)
  ),
  out: optional(Options.text("out"), "file to write: *.onnx, or *.py for torch"),
  force: flag("force", "replace files that exist"),
  describe: flag("describe", "only show parameters and multiply-adds of the network and its parts"),
  json: flag("json", "end with one JSON object on standard output")
}

const command = Command.make(
  "export",
  options,
  Effect.fn("export")(function* ({ architecture, json, describe, format, normalize, seed, force, ...given }) {
    const { channels, cells, classes, image, imageChannels, stem } = given
    const value = Option.getOrUndefined
    const sizes = {
      channels: value(channels),
      cells: value(cells),
      classes: value(classes),
      image: value(image),
      imageChannels: value(imageChannels),
      stem: value(stem),
      auxiliary: given.auxiliary
    }
    const [space, out, weights] = [value(given.space), value(given.out), value(given.weights)]
    if (describe && out !== undefined)
      return yield* new SettingsError({ problem: "--describe writes no file: leave out --describe or --out" })
    if (describe) {
      const description = yield* describeRequest({ architecture, space, sizes })
      return yield* Console.log(json ? JSON.stringify(description) : descriptionText(description))
    }
    if (out === undefined)
      return yield* new SettingsError({ problem: "add --out FILE, or --describe to write nothing" })
    if (weights === undefined)
      yield* Console.error(`no --weights FILE: this network is not trained, its weights come from the seed "${seed}"`)
    const [batch, mean, std] = [value(given.batch), value(given.mean), value(given.std)]
    const pixels = { normalize, mean, std }
    const request = { architecture, space, sizes, format, out, batch, ...pixels, weights, seed, force }
    const exported = yield* exportNetwork(request)
    yield* Console.log(json ? JSON.stringify(exported) : exportedText(exported))
  })
).pipe(Command.withDescription(HELP))

function exportedText({ file, bytes, parameters, multiplyAdds, input, state }: Exported): string {
  const count = (value: number) => value.toLocaleString("en-US")
  const network = `${count(parameters)} parameters, ${count(multiplyAdds)} multiply-adds an image`
  const written = [{ file, bytes }, ...(state === undefined ? [] : [state])]
  return [...written.map((one) => `${one.file}: ${count(one.bytes)} bytes`), network, `input: ${input}`].join("\n")
}

export const { main, within } = runnable(command, "export")
