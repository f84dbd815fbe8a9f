import { createHash } from "node:crypto"
import { access, mkdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import type { InferenceSession } from "onnxruntime-node"
import type { OnnxModel } from "./translate.ts"

/** The functions of ONNX Runtime that the backend uses. */
export type OnnxRuntime = typeof import("onnxruntime-node")

/** Graphs from this many operators on are worth a file. */
const LARGE = 2000

/**
 * A session for a model. With a folder, the compiled form of a large model is kept there under a
 * digest of the model, the runtime's version and the settings, and loaded the next time. A file
 * that cannot be loaded is made anew; a folder that cannot be written is done without.
 */
export async function createSession(
  runtime: OnnxRuntime,
  { bytes, operators }: OnnxModel,
  options: InferenceSession.SessionOptions,
  cache: string | undefined
): Promise<InferenceSession> {
  if (cache === undefined || operators < LARGE) return runtime.InferenceSession.create(bytes, options)
  const version = JSON.stringify([runtime.env.versions, options])
  const file = join(cache, `${createHash("sha256").update(version).update(bytes).digest("hex").slice(0, 32)}.ort`)
  const kept = await access(file).then(
    () => true,
    () => false
  )
  if (kept) {
    try {
      return await runtime.InferenceSession.create(file, options)
    } catch {
      await rm(file, { force: true })
    }
  }
  const draft = `${file}.${process.pid}`
  try {
    await mkdir(cache, { recursive: true })
    const session = await runtime.InferenceSession.create(bytes, {
      ...options,
      optimizedModelFilePath: draft,
      extra: { session: { save_model_format: "ORT" } }
    })
    await rename(draft, file)
    return session
  } catch {
    await rm(draft, { force: true })
    return runtime.InferenceSession.create(bytes, options)
  }
}
