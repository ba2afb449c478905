/* Tokens of news are "<server>-<number>": of one server the higher number is the later one. */
export const UNKNOWN = "-"; /* of no server: everything may have changed since */

export function liveUrl(topics: string[], since: string): string {
  return `/live?topics=${encodeURIComponent(topics.join(","))}&since=${encodeURIComponent(since)}`;
}

/* Of different servers the second is taken as the earlier one: it was there before. */
export function isLater(token: string, than: string): boolean {
  const [server, number] = token.split("-");
  const [other, before] = than.split("-");
  return server !== other || Number(number) > Number(before);
}

/* From which all of them miss nothing. */
export function earliest(tokens: string[]): string {
  const [first = UNKNOWN, ...rest] = tokens;
  return rest.reduce((least, token) => {
    if (token.split("-")[0] !== least.split("-")[0]) return UNKNOWN;
    return isLater(least, token) ? token : least;
  }, first);
}
