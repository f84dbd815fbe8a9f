import * as Schema from "@effect/schema/Schema"
import { YesNo } from "../setting/schemas.ts"

/** Settings of every run on images: how the labels of a tensor file are read. */
export const LABEL_FIELDS = {
  /**
   * Number of classes; labels beyond are an error. One more than the largest label by default.
   */
  classes: Schema.optional(Schema.Int.pipe(Schema.positive())),
  /** Number the labels anew from 0, without gaps. */
  renumber: Schema.optional(YesNo)
} as const
