/**
 * The plans of epochs, each made once: batches are asked for ahead, so two epochs are in use at a
 * time.
 */
export function recentEpochs<Plan>(make: (epoch: number) => Plan): (epoch: number) => Plan {
  const known = new Map<number, Plan>()
  return (epoch) => {
    const plan = known.get(epoch) ?? make(epoch)
    known.delete(epoch - 2)
    known.set(epoch, plan)
    return plan
  }
}
