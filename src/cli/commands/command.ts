/** A command of the command line. */
export interface Command {
  /** The names of its required arguments, in capitals as the usage text shows them. None if absent. */
  readonly parameters?: readonly string[];
  /** One line of the usage text. */
  readonly summary: string;
  /**
   * @param args as many as `parameters`
   * @returns the exit code
   */
  run(args: readonly string[]): Promise<number>;
}
