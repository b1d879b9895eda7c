/** A command of the command line. */
export interface Command {
  /** The names of its required arguments, in capitals as the usage text shows them. None if absent. */
  readonly parameters?: readonly string[];
  /** Its options, each with a value, by name: how the usage text shows the value. None if absent. */
  readonly options?: Readonly<Record<string, string>>;
  /** One line of the usage text. */
  readonly summary: string;
  /**
   * @param args as many as `parameters`
   * @param options the given ones, by name
   * @returns the exit code
   */
  run(args: readonly string[], options: Readonly<Record<string, string | undefined>>): Promise<number>;
}
