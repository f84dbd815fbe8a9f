import { printGenotype } from "../../domain/architecture/genotype.ts"
import { printArchitecture } from "../../domain/architecture/text.ts"
import { builtinSpace } from "../../domain/space/spaces.ts"
import type { Exportable } from "./architecture.ts"
import type { NetworkSizes } from "./network.ts"

/**
 * What a file tells of its network: the architecture in the space's natural form, the space, the
 * number of classes, the shape of an image.
 */
export function exportMetadata(
  exportable: Exportable,
  { classes, image, imageChannels }: NetworkSizes
): Readonly<Record<string, string>> {
  return {
    architecture: textOf(exportable),
    space: spaceOf(exportable),
    classes: String(classes),
    image: JSON.stringify([imageChannels, image, image])
  }
}

function textOf(exportable: Exportable): string {
  switch (exportable._tag) {
    case "Genotype":
      return printGenotype(exportable.genotype)
    case "Cell":
      return printArchitecture(builtinSpace("nas-bench-201"), exportable.operations)
    case "Space":
      return printArchitecture(exportable.space, exportable.architecture)
  }
}

function spaceOf(exportable: Exportable): string {
  if (exportable._tag === "Space") return exportable.space.name
  return exportable._tag === "Genotype" ? "darts" : "nas-bench-201"
}
