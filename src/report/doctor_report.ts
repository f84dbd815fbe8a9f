import { type Finding, isSound } from "../effects/programs/finding.ts"

/** What was found out about backends, for people. */
export function doctorText(findings: ReadonlyArray<Finding>, composed: boolean): string {
  const width = Math.max(...findings.map(({ backend }) => backend.length))
  const lines = findings.flatMap((finding) => {
    const { backend, available, problem, cure, device, milliseconds, parityError } = finding
    const name = backend.padEnd(width)
    const versions = Object.entries(finding.versions).map(([what, version]) => `${what} ${version}`)
    if (!available) {
      const told = cure === null || problem?.includes(cure) === true
      return [`missing  ${name}  ${problem}`, ...(told ? [] : [`${" ".repeat(width + 11)}cure: ${cure}`])]
    }
    const numbers = `${milliseconds!.toFixed(1)} ms, differs by ${parityError!.toExponential(0)}`
    const details = [device, ...versions].join(", ")
    const parts = composed ? finding.composed.map((part) => `${" ".repeat(width + 11)}composed: ${part}`) : []
    return [`${isSound(finding) ? "works  " : "WRONG  "}  ${name}  ${numbers}  (${details})`, ...parts]
  })
  const there = findings.filter(({ available }) => available).length
  return [...lines, "", `${there} of ${findings.length} backends are available`].join("\n")
}
