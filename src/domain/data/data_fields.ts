import { field, grouped, optional } from "../setting/field.ts"
import { oneOf, text, whole, yesNo } from "../setting/kind.ts"
import { BACKEND_CHOICES, DATASET_NAMES } from "./names.ts"

/** Settings of every run on images: which, and how their labels are read. */
export const dataFields = grouped("Images", {
  dataset: field(oneOf(...DATASET_NAMES), "mnist", "the images"),
  data: optional(text("place"), "folder, archive, file, or https address with #sha256=…", "none for mnist"),
  images: optional(whole(1), "training images that take part, drawn by the seed", "all"),
  imageSize: optional(whole(1, "pixels"), "height and width that images are averaged to", "their own"),
  classes: optional(whole(1), "tensor-file: classes; labels beyond are refused", "by the labels"),
  renumber: optional(yesNo, "tensor-file: number labels anew, without gaps", "no")
})

/** Settings of every command that computes: where its programs run. */
export const machineFields = grouped("Machine", {
  backend: field(oneOf(...BACKEND_CHOICES), "auto", "where programs run"),
  threads: optional(whole(1), "threads of a program's run", "all cores")
})
