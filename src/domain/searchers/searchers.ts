import { evolution } from "./evolution.ts"
import { exhaustive } from "./exhaustive.ts"
import { localSearch } from "./local_search.ts"
import { randomSearch } from "./random_search.ts"
import type { Searcher } from "./searcher.ts"
import { successiveHalving } from "./successive_halving.ts"

/** The searchers that people choose by name. */
export const SEARCHERS: ReadonlyArray<Searcher> = [randomSearch, evolution, localSearch, exhaustive, successiveHalving]
