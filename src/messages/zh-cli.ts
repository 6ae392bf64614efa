/** The command line. */
export const zhCli = {} as const;
