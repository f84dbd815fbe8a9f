import * as Context from "effect/Context"
import type { Architecture } from "../../domain/architecture/architecture.ts"
import type { ReportedScore } from "../../domain/score/score.ts"

/**
 * What is told of an architecture after a search: test scores, sizes. No searcher has access to it.
 */
export class Reporter extends Context.Tag("na-nas/Reporter")<
  Reporter,
  {
    /** Per reported name its number, or `undefined` where the architecture has none. */
    readonly report: (architecture: Architecture) => ReadonlyMap<string, ReportedScore | undefined>
  }
>() {}
