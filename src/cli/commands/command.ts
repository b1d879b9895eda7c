/** A command of the command line. */
export interface Command {
  /** One line of the usage text. */
  readonly summary: string;
  /** @returns the exit code */
  run(): Promise<number>;
}
