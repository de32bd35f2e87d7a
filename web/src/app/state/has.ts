/** What the hub beside these pages can do by now; what it cannot is not shown. */
export const has = {
  events: false,
  history: false,
  curves: false,
  log: false,
  tokens: false,
  settings: false,
  snapshot: false,
} as const satisfies Record<string, boolean>;
