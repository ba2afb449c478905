/* htmx reads its settings as it begins, which is as soon as it is there: this is imported before it.
 * It keeps no page in the browser (they have personal data), evaluates nothing, and adds no style. */
const settings = {
  allowEval: false,
  allowScriptTags: false,
  historyCacheSize: 0,
  includeIndicatorStyles: false,
  refreshOnHistoryMiss: true, /* "back" is a page anew */
  scrollIntoViewOnBoost: false,
  selfRequestsOnly: true,
};
const meta = document.createElement("meta");
meta.name = "htmx-config";
meta.content = JSON.stringify(settings);
document.head.append(meta);

export {};
