/** A place inside a config: `['sources', 0, 'parameters', 'query']`. */
export type ConfigPath = readonly (string | number)[];
