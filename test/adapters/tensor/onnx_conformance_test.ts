import * as Onnx from "../../../src/adapters/tensor/onnx.ts"
import { conformance } from "./_conformance.ts"

conformance("ONNX Runtime on the CPU", Onnx.layer({ threads: 2 }), { tolerance: 1e-4, cases: 5 })
