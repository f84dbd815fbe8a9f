import type { Method } from "../method.ts"
import { a2m } from "./a2m.ts"
import { betaDarts } from "./beta_darts.ts"
import { darts } from "./darts.ts"
import { dartsMinus } from "./darts_minus.ts"
import { gdas } from "./gdas.ts"
import { naDarts } from "./na_darts.ts"
import { sdartsRs } from "./sdarts_rs.ts"

/** The methods of search by gradients that commands know; the first is the default. */
export const METHODS: readonly [Method, ...ReadonlyArray<Method>] = [
  naDarts,
  darts,
  sdartsRs,
  gdas,
  a2m,
  betaDarts,
  dartsMinus
]

/** The method of a name, if there is one. */
export function methodNamed(name: string): Method | undefined {
  return METHODS.find((method) => method.name === name)
}
