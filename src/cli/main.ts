#!/usr/bin/env node
import '../process/supported-node.js';
import { pathToFileURL } from 'node:url';
import { programFile } from '../process/bundled-program.js';

await import(pathToFileURL(programFile('cli', 'cli/command-line.js')).href);
