import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DatasetSource } from "../../domain/data/dataset.ts"
import { Datasets } from "../../effects/ports/datasets.ts"
import { cacheFolder } from "../cache_folder.ts"
import { openCifar } from "./cifar.ts"
import type { Downloads } from "./download.ts"
import * as Download from "./download.ts"
import { openImageFolder } from "./image_folder.ts"
import { openMnist } from "./mnist.ts"
import { openTensorFile } from "./tensor_file.ts"

function openSource(source: DatasetSource) {
  switch (source._tag) {
    case "Mnist":
      return openMnist()
    case "Cifar10":
    case "Cifar100":
      return openCifar(source)
    case "ImageFolder":
      return openImageFolder(source)
    case "TensorFile":
      return openTensorFile(source)
  }
}

/** Datasets from the files of this machine and from addresses. */
export const layer = Layer.effect(
  Datasets,
  Effect.map(Effect.context<FileSystem.FileSystem | Downloads>(), (services) => ({
    open: Effect.fn("openDataset")(function* (source: DatasetSource) {
      return yield* Effect.provide(openSource(source), services)
    })
  }))
)

/** `layer`, with downloads kept in a folder: by default in the user's cache. */
export function layerCached(folder: string = cacheFolder("datasets")) {
  return Layer.provide(layer, Download.layer(folder))
}
