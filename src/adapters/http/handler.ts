import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { identifier } from "../../domain/architecture/identity.ts"
import { parseArchitecture, printArchitecture } from "../../domain/architecture/text.ts"
import { parseAggregate } from "../../domain/objective/aggregate_text.ts"
import { prepareObjective } from "../../domain/objective/targets.ts"
import type { Space } from "../../domain/space/space.ts"
import { Evaluator } from "../../effects/ports/evaluator.ts"
import { type ScoredArchitecture, scoreNeighborhood } from "../../effects/programs/score_neighborhood.ts"
import * as NoRunStore from "../run_store/none.ts"
import { readJson } from "./body.ts"

/** Neighbors that one request may ask for. */
export const MOST_NEIGHBORS = 10_000

const inText = <A>(schema: Schema.Schema<A, number>) =>
  Schema.Union(schema, Schema.compose(Schema.NumberFromString, schema))
const yesNo = Schema.Union(Schema.Boolean, Schema.transformLiterals(["yes", true], ["no", false]))
const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: A) =>
  Schema.optionalWith(schema, { default: () => value })

/**
 * What is asked about a neighborhood: the parameters of an address, whose numbers are text, or the
 * body's JSON.
 */
export const NeighborhoodQuery = Schema.Struct({
  /** In any text form of the space. */
  architecture: Schema.String.pipe(Schema.minLength(1)),
  aggregate: withDefault(Schema.String, "mean"),
  radius: withDefault(inText(Schema.Int.pipe(Schema.positive())), 1),
  /** Whether neighbors lie at the distance `radius` alone. */
  exactRadius: withDefault(yesNo, false),
  /** How many are drawn by the seed; all where there are no more. */
  neighbors: withDefault(
    Schema.Union(Schema.Literal("all"), inText(Schema.Int.pipe(Schema.between(1, MOST_NEIGHBORS)))),
    "all"
  ),
  /** Whether the architecture itself counts. */
  center: withDefault(yesNo, true),
  seed: withDefault(Schema.String, "0")
}).annotations({ identifier: "NeighborhoodQuery" })
export interface NeighborhoodQuery extends Schema.Schema.Type<typeof NeighborhoodQuery> {}

/** A request is not understood. */
class RequestError extends Schema.TaggedError<RequestError>()("NeighborhoodRequestError", {
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot answer: ${this.problem}`
  }
}

/** A request is understood and cannot be answered. */
class TooManyNeighborsError extends Schema.TaggedError<TooManyNeighborsError>()("TooManyNeighborsError", {
  count: Schema.Number
}) {
  override get message(): string {
    return `Cannot score ${this.count} neighbors in one request: ask for a number of them, at most ${MOST_NEIGHBORS}`
  }
}

const decode = Schema.decodeUnknownEither(NeighborhoodQuery, { onExcessProperty: "error" })

function queryOf(given: unknown): Either.Either<NeighborhoodQuery, RequestError> {
  return Either.mapLeft(decode(given), (error) => {
    const [issue] = ArrayFormatter.formatErrorSync(error)
    const problem = issue?._tag === "Unexpected" ? "is not a parameter" : issue?.message.replace(/\s+/g, " ")
    return new RequestError({ problem: `${issue?.path.join(".") || "the request"}: ${problem ?? "is not understood"}` })
  })
}

/** The answer to a query. */
const answer = Effect.fn("answer")(function* (space: Space, given: unknown) {
  const query = yield* queryOf(given)
  const center = yield* parseArchitecture(space, query.architecture)
  const aggregate = yield* Either.mapLeft(parseAggregate(query.aggregate), (problem) => new RequestError({ problem }))
  const { neighbors, radius, exactRadius, center: withCenter } = query
  const unused = { moveInputs: false, quotient: false, constrainNeighbors: false }
  const shape = { neighbors, radius, exactRadius, center: withCenter }
  const objective = { _tag: "Neighborhood", aggregate, ...shape, ...unused } as const
  const prepared = prepareObjective(space, objective, identifier(space, "exact"), () => true)
  if (neighbors === "all" && prepared.ball.changes > MOST_NEIGHBORS)
    return yield* new TooManyNeighborsError({ count: prepared.ball.changes })
  const scored = yield* scoreNeighborhood(prepared, center, query.seed)
  const shown = ({ architecture, ...scored }: ScoredArchitecture) => ({
    architecture: printArchitecture(space, architecture),
    ...scored
  })
  const { identity } = yield* Evaluator
  return yield* HttpServerResponse.json({
    space: space.name,
    evaluator: identity,
    loss: scored.loss,
    center: shown(scored.center),
    neighbors: scored.neighbors.map(shown)
  })
})

/** How a handler answers. */
export interface HandlerOptions {
  /** Bytes of a body that are read at most: 1 MiB by default. */
  readonly maxBodyBytes?: number
  /**
   * Origins of the pages that may ask from a browser, `["*"]` for all. By default there are none,
   * and no CORS headers.
   */
  readonly origins?: ReadonlyArray<string>
}

const PATH = "/neighborhood"
const METHODS = ["GET", "HEAD", "POST"]

const failed =
  (status: number, headers: Readonly<Record<string, string>> = {}) =>
  (error: { readonly _tag: string; readonly message: string }) =>
    HttpServerResponse.json({ error: error._tag, message: error.message }, { status, headers })

/** The answer to the question in a body; parameters of the address beside it are refused. */
const answerBody = Effect.fn("answerBody")(function* (space: Space, limit: number) {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (/\?./.test(request.url)) {
    const problem = "POST takes its parameters from the body; leave out those of the address"
    return yield* new RequestError({ problem })
  }
  return yield* answer(space, yield* readJson(request, limit))
})

/**
 * `GET /neighborhood?architecture=…` and `POST /neighborhood` with the same as JSON. A loss is null
 * where it is infinite. Errors are JSON too.
 */
const app = (space: Space, { maxBodyBytes = 2 ** 20, origins = [] }: HandlerOptions) => {
  const methods = [...METHODS, ...(origins.length === 0 ? [] : ["OPTIONS"])].join(", ")
  const notAllowed = { _tag: "MethodNotAllowed", message: `Cannot answer: ${PATH} takes ${methods}` }
  return HttpRouter.empty.pipe(
    HttpRouter.get(
      PATH,
      Effect.flatMap(HttpServerRequest.ParsedSearchParams, (parameters) => answer(space, parameters))
    ),
    HttpRouter.post(PATH, answerBody(space, maxBodyBytes)),
    HttpRouter.catchTags({
      NeighborhoodRequestError: failed(400),
      ArchitectureError: failed(400),
      BodyError: failed(400),
      BodyTooLargeError: failed(413),
      EvaluationError: failed(422),
      TooManyNeighborsError: failed(422)
    }),
    Effect.catchTag("RouteNotFound", ({ request }) =>
      request.url.split("?")[0] === PATH
        ? failed(405, { allow: methods })(notAllowed)
        : failed(404)({ _tag: "RouteNotFound", message: `Cannot answer: the only address is ${PATH}` })
    )
  )
}

/**
 * Answers questions about neighborhoods in a space by an evaluator: `Request → Promise<Response>`
 * for any host, and `dispose`. The evaluator is built at the first request.
 */
export const fetchHandler = <E>(space: Space, evaluator: Layer.Layer<Evaluator, E>, options: HandlerOptions = {}) => {
  const { origins = [] } = options
  const middleware = HttpMiddleware.cors({ allowedOrigins: origins, allowedMethods: METHODS })
  const services = Layer.merge(evaluator, NoRunStore.layer)
  return HttpApp.toWebHandlerLayer(app(space, options), services, origins.length === 0 ? {} : { middleware })
}
