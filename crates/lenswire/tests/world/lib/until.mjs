// Waiting for something to become true, never for time to pass.

const POLL_MS = 50; // short beside anything we wait for, long beside what a probe costs

/**
 * Waits until `probe` answers something truthy and answers that.
 * A probe that throws has not come true yet; its last error is in the message.
 * @param {string} what  said in the error when the limit (ms) passes
 */
export async function until(what, probe, limit = 15_000) {
  const end = performance.now() + limit;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const saw = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${limit / 1000} s: ${what} (last: ${saw})`);
    }
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Looks `looks` times, a poll apart, and wants `probe` to be truthy each time: what must not go away again. */
export async function stays(what, probe, looks = 60) {
  for (let look = 0; look < looks; look++) {
    const seen = await probe();
    if (!seen) throw new Error(`at look ${look} no longer: ${what}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** Milliseconds that `work` took, beside its result. */
export async function timed(work) {
  const start = performance.now();
  const result = await work();
  return [Math.round(performance.now() - start), result];
}
