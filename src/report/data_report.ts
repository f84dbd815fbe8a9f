import type { DatasetInfo } from "../domain/data/dataset.ts"

/** How many of the training images a run trained with, and held out. */
export interface UsedImages {
  readonly training: number
  readonly validation: number
}

const count = (value: number) => value.toLocaleString("en-US")

/** What was read, for people: names and values of a few rows. */
export function dataRows(info: DatasetInfo, used: UsedImages): ReadonlyArray<readonly [string, string]> {
  const { classes, classNames, shape, train, test, from, leftOut, unseen } = info
  const hint = info.name.endsWith(".safetensors") ? "; --renumber numbers the labels without gaps" : ""
  const images = `${count(train)} training images (${count(used.training)} trained with, ${count(used.validation)} held out)`
  const tests = test === 0 ? "no test images" : `${count(test)} test images`
  const place = from.length === 0 ? "" : `, from ${listed(from)}`
  return [
    ["data", `${images} and ${tests} of ${count(classes)} classes, ${shape.join("×")}${place}`],
    ...(classNames === undefined ? [] : [["classes", listed(classNames, 10)] as const]),
    ...(leftOut.length === 0
      ? []
      : [
          [
            "left out",
            leftOut.map((kind) => `${count(kind.count)} ${kind.what} (${listed(kind.examples)})`).join(", ")
          ] as const
        ]),
    ...(unseen === 0
      ? []
      : [["no image", `${count(unseen)} of the ${count(classes)} classes have no training image${hint}`] as const])
  ]
}

/** The first names of a list, and how many there are besides. */
function listed(names: ReadonlyArray<string>, most = 3): string {
  return names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`
}

/** What was read, for programs. */
export function dataJson(info: DatasetInfo, used: UsedImages): Readonly<Record<string, unknown>> {
  const { name, classes, classNames, shape, train, test, from, leftOut, unseen } = info
  const names = classNames === undefined ? {} : { classNames }
  return { name, classes, ...names, image: shape, train, test, used, from, leftOut, classesWithoutImages: unseen }
}
