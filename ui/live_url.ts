/* Tokens of news are "<server>-<number>": of one server the higher number is the later one. */
export function liveUrl(topics: string[], since: string): string {
  return `/live?topics=${encodeURIComponent(topics.join(","))}&since=${encodeURIComponent(since)}`;
}

/* Of another server nothing is known: then it is taken as later. */
export function isLater(token: string, than: string): boolean {
  const [server, number] = token.split("-");
  const [other, before] = than.split("-");
  return server !== other || Number(number) > Number(before);
}
