import { createHash } from "node:crypto"
import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { countLeftOut, DatasetError, type LeftOut } from "../../domain/data/dataset.ts"
import { refused } from "./file_error.ts"

/** Files looked at at once. */
const CONCURRENCY = 8

/** The endings of images that are read. */
const ENDINGS = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "tif", "tiff", "avif"]
const IMAGE = new RegExp(`\\.(${ENDINGS.join("|")})$`, "i")
const READ_ENDINGS = `images with the endings ${ENDINGS.map((ending) => `.${ending}`).join(", ")} are read`
const LAYOUT = "train/<class>/<name>.png, and val/<class>/<name>.png for the images to test with"

/** Files of one part in order of class and name; the label of a file is the place of its class. */
export interface ImageListing {
  readonly classes: ReadonlyArray<string>
  readonly paths: ReadonlyArray<string>
  readonly labels: Int32Array
  /** Names and sizes of the files. */
  readonly digest: string
}

/** The images of a folder. */
interface ImageFolderListing {
  readonly train: ImageListing
  readonly test: ImageListing | undefined
  /** The folders of the parts. */
  readonly from: ReadonlyArray<string>
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** A name below a folder, with "/" between folders. What begins with a dot is not looked into. */
interface Entry {
  readonly name: string
  readonly kind: "file" | "folder" | "hidden"
  readonly size: bigint
}

/**
 * A part that is read: its folder within the whole, "" for the whole itself, and what lies there.
 */
interface Part {
  readonly folder: string
  readonly entries: ReadonlyArray<Entry>
}

const fail = (dataset: string, reason: DatasetError["reason"], detail: string) =>
  new DatasetError({ dataset, reason, detail })

/**
 * The images of `train/<class>/` and of `val/<class>/` or else `test/<class>/`; where neither of
 * these folders is there, those of `<class>/`, all for training. Classes are numbered by name, in
 * Unicode's composed form. Names that begin with a dot are left out; links are followed. Errors:
 * another layout, a class without an image, parts with other classes.
 */
export const listImageFolder = Effect.fn("listImageFolder")(function* (whole: string) {
  const files = yield* FileSystem.FileSystem
  const { type } = yield* refused(whole, files.stat(whole))
  if (type !== "Directory") return yield* fail(whole, "unreadable", "it is a file: name the folder of the images")
  const names = (yield* refused(whole, files.readDirectory(whole))).sort()
  const testName = ["val", "test"].find((name) => names.includes(name))
  const trainName = names.includes("train") ? "train" : ""
  const part = trainName === "" ? names.find((name) => PART.test(name)) : undefined
  if (part !== undefined)
    return yield* fail(whole, "missing_file", `it has "${part}" but no folder train: put the images into ${LAYOUT}`)
  const train: Part = { folder: trainName, entries: yield* walk(join(whole, trainName)) }
  const test: Part | undefined =
    testName === undefined ? undefined : { folder: testName, entries: yield* walk(join(whole, testName)) }
  const parts = test === undefined ? [train] : [train, test]
  for (const part of parts) yield* checkPart(whole, part)
  const listings = parts.map((part) => listingOf(whole, part))
  if (listings[1] !== undefined) yield* checkClasses(whole, listings[0]!.classes, testName!, listings[1].classes)
  const beside = trainName === "" ? [] : names.filter((name) => name !== trainName && name !== testName)
  const listing: ImageFolderListing = {
    train: listings[0]!,
    test: listings[1],
    from: parts.map(({ folder }) => join(whole, folder)),
    leftOut: leftOut(parts, beside)
  }
  return listing
})

/** Names of folders that hold a part in other layouts. */
const PART = /^(train|val|valid|test|dev|eval)(ing|uation|idation|s|_.*|-.*)?$/i

/** All names below a folder, by name. */
const walk: (
  folder: string,
  prefix?: string,
  above?: ReadonlyArray<string>
) => Effect.Effect<ReadonlyArray<Entry>, DatasetError, FileSystem.FileSystem> = Effect.fnUntraced(function* (
  folder,
  prefix = "",
  above = []
) {
  const files = yield* FileSystem.FileSystem
  const place = yield* refused(folder, files.realPath(folder))
  if (above.includes(place)) return []
  const found = yield* Effect.forEach(
    yield* refused(folder, files.readDirectory(folder)),
    Effect.fnUntraced(function* (own) {
      const name = `${prefix}${own}`
      if (own.startsWith(".")) return [{ name, kind: "hidden", size: 0n } satisfies Entry]
      const path = join(folder, own)
      const { type, size } = yield* refused(path, files.stat(path))
      if (type !== "Directory") return [{ name, kind: "file", size } satisfies Entry]
      return [{ name, kind: "folder", size } satisfies Entry, ...(yield* walk(path, `${name}/`, [...above, place]))]
    }),
    { concurrency: CONCURRENCY }
  )
  return found.flat().sort((one, other) => (one.name < other.name ? -1 : 1))
})

const isImage = ({ name, kind }: Entry) => kind === "file" && name.includes("/") && IMAGE.test(name)
const folderOf = (name: string) => name.slice(0, name.indexOf("/"))
const classOf = (name: string) => folderOf(name).normalize("NFC")
const endingOf = (name: string) => /\.[^./]+$/.exec(name)?.[0].toLowerCase() ?? "no ending"

/** The kinds of files, the most frequent first: `12 of .bmp, 1 of .txt`. */
function endings(entries: ReadonlyArray<Entry>): string {
  const counts = new Map<string, number>()
  for (const { name } of entries) counts.set(endingOf(name), (counts.get(endingOf(name)) ?? 0) + 1)
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 5)
    .map(([ending, count]) => `${count} of ${ending}`)
    .join(", ")
}

/**
 * A part has images, one at least in each of its folders, and folders whose names look alike are
 * not two classes.
 */
function checkPart(whole: string, { folder, entries }: Part): Effect.Effect<void, DatasetError> {
  const place = join(whole, folder)
  const files = entries.filter(({ kind }) => kind === "file")
  const classes = new Map<string, Array<Entry>>()
  for (const { name, kind } of entries) if (kind === "folder" && !name.includes("/")) classes.set(name, [])
  for (const file of files) classes.get(folderOf(file.name))?.push(file)
  if (!files.some(isImage)) {
    const cure = `put them into a folder for each class, as ${folder === "" ? LAYOUT : `${folder}/<class>/<name>.png`}`
    const loose = files.filter(({ name }) => IMAGE.test(name)).length
    if (loose > 0) return fail(place, "empty", `its ${loose} images are in no class folder: ${cure}`)
    if (files.length === 0) return fail(place, "empty", `it has no images: ${cure}`)
    return fail(
      place,
      "empty",
      `it has no images, but ${endings(files)} (${READ_ENDINGS}): convert them${files.some(({ name }) => name.includes("/")) ? "" : `, and ${cure}`}`
    )
  }
  if (folder === "" && (classes.size < 2 || !files.some((file) => isImage(file) && /^[^/]+\/[^/]+$/.test(file.name))))
    return fail(whole, "missing_file", `it has no folder train: put the images into ${LAYOUT}`)
  const names = new Map<string, string>()
  for (const [name, own] of classes) {
    const twin = names.get(name.normalize("NFC"))
    names.set(name.normalize("NFC"), name)
    if (twin !== undefined) {
      const cure = "one composed (NFC), one decomposed (NFD): move their images into one"
      return fail(place, "wrong_classes", `two folders are named "${name}", ${cure}`)
    }
    if (own.some(isImage)) continue
    const where = folder === "" ? "" : ` in ${folder}/`
    const found = own.length === 0 ? "" : `, but ${endings(own)} (${READ_ENDINGS})`
    const cure = "add some, or remove the class from all parts"
    return fail(whole, "empty", `the class "${name}" has no image${where}${found}: ${cure}`)
  }
  return Effect.void
}

function checkClasses(
  whole: string,
  train: ReadonlyArray<string>,
  testName: string,
  test: ReadonlyArray<string>
): Effect.Effect<void, DatasetError> {
  const sides = [
    ["train", train, new Set(test)],
    [testName, test, new Set(train)]
  ] as const
  const told = sides.flatMap(([part, own, others]) => {
    const alone = own.filter((name) => !others.has(name)).map((name) => `"${name}"`)
    const more = alone.length > 3 ? ` and ${alone.length - 3} more` : ""
    return alone.length === 0 ? [] : [`${part}/ alone has ${alone.slice(0, 3).join(", ")}${more}`]
  })
  if (told.length === 0) return Effect.void
  return fail(
    whole,
    "wrong_classes",
    `its parts have different classes, ${told.join(", ")}: give both the same class folders`
  )
}

function listingOf(whole: string, { folder, entries }: Part): ImageListing {
  const images = entries.filter(isImage)
  const classes = [...new Set(images.map(({ name }) => classOf(name)))].sort()
  const number = new Map(classes.map((name, i) => [name, i]))
  const digest = createHash("sha256")
  for (const { name, size } of images) digest.update(`${name}\0${size}\n`)
  return {
    classes,
    paths: images.map(({ name }) => join(whole, folder, name)),
    labels: Int32Array.from(images, ({ name }) => number.get(classOf(name))!),
    digest: digest.digest("hex")
  }
}

/** What lies beside the images. */
function leftOut(parts: ReadonlyArray<Part>, beside: ReadonlyArray<string>): ReadonlyArray<LeftOut> {
  const isHidden = (name: string) => name.startsWith(".")
  const others = parts.flatMap(({ entries }) => entries).filter((entry) => entry.kind !== "folder" && !isImage(entry))
  const names = (kind: Entry["kind"]) => others.filter((entry) => entry.kind === kind).map(({ name }) => name)
  const hidden = names("hidden").map((name) => name.slice(name.lastIndexOf("/") + 1))
  const files = names("file")
  return [
    countLeftOut("hidden files or folders", [...hidden, ...beside.filter(isHidden)]),
    countLeftOut("files of other formats", files.filter((name) => !IMAGE.test(name)).map(endingOf)),
    countLeftOut(
      "images in no class folder",
      files.filter((name) => IMAGE.test(name))
    ),
    countLeftOut(
      "names beside the parts",
      beside.filter((name) => !isHidden(name))
    )
  ].filter(({ count }) => count > 0)
}
