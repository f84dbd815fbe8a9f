import * as Either from "effect/Either"
import { dataFields, machineFields } from "../data/data_fields.ts"
import {
  decodeSettings,
  encodeSettings,
  type Fields,
  field,
  type Given,
  grouped,
  optional,
  type Values
} from "../setting/field.ts"
import { type Json, oneOf, text, whole, yesNo } from "../setting/kind.ts"
import type { SettingsError } from "../setting/settings_error.ts"
import type { DartsSearch, Method, MethodSettings, NoFields } from "./method.ts"
import { DARTS_PROTOCOLS, type DartsProtocol, dartsFields } from "./settings.ts"

const PROTOCOLS = Object.keys(DARTS_PROTOCOLS) as [DartsProtocol, ...ReadonlyArray<DartsProtocol>]

/**
 * The settings of a run of a search by gradients that are none of its method: where it searches, on
 * what.
 */
export const dartsRunFields = {
  protocol: field(oneOf(...PROTOCOLS), "quick", "values of the settings that are not given"),
  space: field(text("space"), "nas-bench-201", "a built-in space, or a JSON file of your own"),
  ...dataFields,
  ...grouped("Images", {
    flip: field(yesNo, false, "mirror images at random"),
    crop: field(whole(0, "pixels"), 0, "zeros around an image before a random crop")
  }),
  ...grouped("Network", {
    channels: field(whole(1), 4, "channels of the first cell"),
    cells: optional(whole(1), "cells: in nas-bench-201 of a stage, in darts of all", "the fewest possible")
  }),
  ...machineFields,
  seed: field(text(), "0", "any text; the same seed gives the same result")
}

/** A search by gradients as it is kept and shown: its method, and all settings of the run. */
export interface DartsRun<F extends Fields = NoFields> extends DartsSearch<F> {
  readonly settings: Values<typeof dartsRunFields> & MethodSettings<F>
}

/** All settings of a search by a method, each once. */
export function searchFields(method: Method): Fields & typeof dartsRunFields & typeof dartsFields {
  return { ...dartsRunFields, ...dartsFields, ...method.fields }
}

/** A search by a method with the settings that are given, by flags, in a file or in a record. */
export function dartsRun(method: Method, given: Given): Either.Either<DartsRun, SettingsError> {
  const { protocol } = dartsRunFields
  const asked = given.protocol === undefined ? {} : { protocol: given.protocol }
  return Either.flatMap(decodeSettings({ protocol }, asked), (known) =>
    Either.map(
      decodeSettings(searchFields(method), given, {
        protocol: DARTS_PROTOCOLS[known.protocol],
        of: method.name
      }),
      (settings) => ({ method, settings })
    )
  )
}

/** The settings of a run as JSON, which `dartsRun` reads back. */
export function encodeDartsRun({ method, settings }: DartsRun): Readonly<Record<string, Json>> {
  return encodeSettings(searchFields(method), settings)
}
