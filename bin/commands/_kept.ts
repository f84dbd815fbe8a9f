import * as Layer from "effect/Layer"
import * as Folder from "../../src/adapters/checkpoints/folder.ts"
import * as Memory from "../../src/adapters/checkpoints/memory.ts"
import * as NoCurves from "../../src/adapters/curves/none.ts"
import * as TensorBoard from "../../src/adapters/curves/tensorboard.ts"

/** Where checkpoints and curves go: into a folder, or nowhere without one. */
export const keptIn = (folder: string | undefined) =>
  folder === undefined
    ? Layer.merge(Memory.layer, NoCurves.layer)
    : Layer.merge(Folder.layer(folder), TensorBoard.layer(folder))
