/**
 * Targets of a cross-entropy, row-major [images, classes], from labels in [0, classes): 1 −
 * smoothing at the label, and `smoothing` in [0, 1] spread evenly over all classes, the label's
 * among them. Without smoothing they are one-hot.
 *
 * Source: Szegedy et al. 2016 (arXiv 1512.00567) section 7, as in PyTorch's `CrossEntropyLoss`.
 */
export function labelTargets(labels: ArrayLike<number>, classes: number, smoothing = 0): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(smoothing / classes)
  for (let i = 0; i < labels.length; i++) targets[i * classes + labels[i]!] = 1 - smoothing + smoothing / classes
  return targets
}
