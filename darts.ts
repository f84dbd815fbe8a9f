/**
 * Search by gradients, DARTS and NA-DARTS among them, in your own cells and on your own images.
 * Runs in Node.
 *
 * @module
 */

export { type BackendOptions, backendLayer } from "./src/adapters/tensor/backends.ts"
export { DartsDiverged } from "./src/domain/darts/darts_diverged.ts"
export { gradientProgram, type LossProgram } from "./src/domain/darts/loss_program.ts"
export { type Method, type MethodSettings, plain } from "./src/domain/darts/method.ts"
export { METHODS } from "./src/domain/darts/methods/methods.ts"
export { naDarts } from "./src/domain/darts/methods/na_darts.ts"
export { DatasetError, type ImageShape } from "./src/domain/data/dataset.ts"
export { BACKEND_NAMES, type BackendName } from "./src/domain/data/names.ts"
export { TensorBackend, TensorError } from "./src/effects/ports/tensor_backend.ts"
export type { DartsProgress } from "./src/effects/programs/darts_search.ts"
export {
  type DartsImages,
  type DartsOptions,
  type DartsResult,
  type DartsSettingsOf,
  searchDarts
} from "./src/library/search_darts.ts"
