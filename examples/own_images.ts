/** NA-DARTS on your own images: the better cell is the one whose neighbors are good, too. */
import { builtinSpace, runPromise } from "na-nas"
import { searchDarts } from "na-nas/darts"

// 64 gray images of 8×8 pixels, one after the other; their brightness tells their class.
const y = Array.from({ length: 64 }, (_, image) => image % 2)
const x = Float32Array.from({ length: 64 * 64 }, (_, i) => y[Math.floor(i / 64)]! + Math.sin(i * 12.9898))

const found = await runPromise(
  searchDarts({
    space: builtinSpace("nas-bench-201"),
    images: { x, y, shape: [1, 8, 8] },
    settings: { epochs: 2, batchSize: 16, channels: 2, neighbors: 2 },
    onProgress: ({ epoch, step, loss }) => console.log(`epoch ${epoch + 1}, step ${step}: ${loss.weights.toFixed(2)}`)
  })
)
console.log(found.text)
