import { homedir } from "node:os"
import { join } from "node:path"

/** The folder of what is kept between runs: in that of `NA_NAS_CACHE`, or of the user's caches. */
export function cacheFolder(name: "programs" | "trainings" | "datasets"): string {
  const { NA_NAS_CACHE: own, XDG_CACHE_HOME: shared = join(homedir(), ".cache") } = process.env
  return join(own ?? join(shared, "na-nas"), name)
}
