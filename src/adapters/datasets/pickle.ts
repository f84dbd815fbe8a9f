import * as Either from "effect/Either"

/** A placeholder for an object of a class. Its code never runs. */
interface PickledObject {
  readonly arguments: unknown
  state: unknown
}

/** Whether a value is such a placeholder. */
export function isObject(value: unknown): value is PickledObject {
  return typeof value === "object" && value !== null && "arguments" in value && "state" in value
}

/** Whether bytes begin as a pickle of protocol 2 or later. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5
}

/**
 * Reads what Python pickled, of protocol 2 to 5, as far as the published data need it: numbers,
 * texts, bytes, lists, tuples, dictionaries (as maps) and objects, of which nothing is run. A
 * failure says what is wrong.
 *
 * Source of the format: Python's Lib/pickletools.py.
 */
export function readPickle(bytes: Uint8Array): Either.Either<unknown, string> {
  return Either.try({
    try: () => run(bytes),
    catch: (error) => (error instanceof Error ? error.message : String(error))
  })
}

function run(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [stack, marks, memo]: [Array<unknown>, Array<number>, Map<number, unknown>] = [[], [], new Map()]
  let at = 0
  const take = (length: number) => {
    if (length < 0 || at + length > bytes.length) throw new RangeError("it is cut off")
    return bytes.subarray(at, (at += length))
  }
  const whole = (size: number) => {
    let value = 0
    for (const [i, byte] of take(size).entries()) value += byte * 2 ** (8 * i)
    return value
  }
  const text = (own: Uint8Array) => new TextDecoder().decode(own)
  const line = () => text(take(bytes.indexOf(10, at) + 1 - at))
  const sinceMark = () => stack.splice(marks.pop() ?? 0)
  const last = <A>(isKind: (value: unknown) => value is A): A => {
    const value = stack.at(-1)
    if (!isKind(value)) throw new RangeError(`its instruction at ${at} does not fit`)
    return value
  }
  const setItems = (items: ReadonlyArray<unknown>) => {
    for (let i = 0; i + 1 < items.length; i += 2) last(isMap).set(keyOf(items[i]), items[i + 1])
  }
  for (;;) {
    const code = String.fromCharCode(take(1)[0]!)
    if (code === ".") return stack.pop()
    else if (code === "\x80") take(1)
    else if (code === "\x95") take(8)
    else if (code === "N") stack.push(null)
    else if (code === "\x88" || code === "\x89") stack.push(code === "\x88")
    else if (code === "K") stack.push(whole(1))
    else if (code === "M") stack.push(whole(2))
    else if (code === "J") stack.push(view.getInt32((at += 4) - 4, true))
    else if (code === "U" || code === "C") stack.push(take(whole(1)))
    else if (code === "T" || code === "B") stack.push(take(whole(4)))
    else if (code === "\x8e" || code === "\x96") stack.push(take(whole(8)))
    else if (code === "X") stack.push(text(take(whole(4))))
    else if (code === "\x8c") stack.push(text(take(whole(1))))
    else if (code === "}") stack.push(new Map())
    else if (code === "]" || code === ")") stack.push([])
    else if (code === "(") marks.push(stack.length)
    else if (code === "t") stack.push(sinceMark())
    else if (code >= "\x85" && code <= "\x87") stack.push(stack.splice(stack.length - (code.charCodeAt(0) - 0x84)))
    else if (code === "q") memo.set(whole(1), stack.at(-1))
    else if (code === "r") memo.set(whole(4), stack.at(-1))
    else if (code === "\x94") memo.set(memo.size, stack.at(-1))
    else if (code === "h") stack.push(memo.get(whole(1)))
    else if (code === "j") stack.push(memo.get(whole(4)))
    else if (code === "c") stack.push(`${line()}${line()}`)
    else if (code === "\x93") stack.push(`${stack.splice(-2).join("\n")}\n`)
    else if (code === "R") stack.push(made(...stack.splice(-2)))
    else if (code === "b") {
      const [state] = stack.splice(-1)
      last(isObject).state = state
    } else if (code === "a" || code === "e") {
      const items = code === "a" ? stack.splice(-1) : sinceMark()
      for (const item of items) last(Array.isArray).push(item)
    } else if (code === "s" || code === "u") setItems(code === "s" ? stack.splice(-2) : sinceMark())
    else throw new RangeError(`its instruction at ${at - 1} is not one of published data`)
  }
}

const isMap = (value: unknown): value is Map<unknown, unknown> => value instanceof Map

/** Keys are texts, bytes in Python 2. */
const keyOf = (key: unknown) => (key instanceof Uint8Array ? new TextDecoder("latin1").decode(key) : key)

/** A call: bytes that Python 3 writes for Python 2 to read, or an object. */
function made(called?: unknown, given?: unknown): unknown {
  const [value] = Array.isArray(given) ? given : []
  if (called === "_codecs\nencode\n" && typeof value === "string")
    return Uint8Array.from(value, (one) => one.charCodeAt(0))
  return { arguments: given, state: undefined } satisfies PickledObject
}
