import * as Reference from "../../../src/adapters/tensor/reference.ts"
import { conformance } from "./_conformance.ts"

conformance("reference backend in single precision", Reference.layer("f32"), { tolerance: 1e-4, cases: 5 })
