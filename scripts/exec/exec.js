#!/usr/bin/env node
// `exec node …` in an npm script: a POSIX shell becomes that process, so that signals to npm reach it. The shell of
// Windows has no exec. It finds this file, which waits for the process and ends with its exit code.
import { spawn } from 'node:child_process';

const [command = 'node', ...args] = process.argv.slice(2);
const child = spawn(command === 'node' ? process.execPath : command, args, { stdio: 'inherit' });
// The console sends Ctrl-C to the child as well, which may take a while to end.
process.on('SIGINT', () => {});
child.on('error', ({ message }) => console.error(message)).on('close', (code) => process.exit(code ?? 1));
