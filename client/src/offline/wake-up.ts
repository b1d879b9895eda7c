/** A signal that wakes a loop. A call of `wake` while nothing waits ends the next wait at once. */

export class WakeUp {
  #isPending = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    this.#isPending = true;
    this.#resolve?.();
  }

  /** Resolves after the next call of `wake`, or at once if there was one since the last wait. */
  async wait(): Promise<void> {
    if (!this.#isPending) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    }
    this.#isPending = false;
    this.#resolve = undefined;
  }
}
