/* What an audit bundle has beside that of a chain of identity: the definitions that the order ran
 * under, and the trail itself as a page. */
#include "verify/bundle_impl.h"

#include <stdlib.h>

bool verify_bundle_trail_next(struct bundle *b)
{
    struct str content;
    b->trail = verify_bundle_next(b, "trail.html", &b->trail_text);
    if (!b->trail)
        return false;
    b->pdf = verify_bundle_next_is(b, "trail.pdf");
    if (!b->pdf)
        return true;
    char *pdf = verify_bundle_next(b, "trail.pdf", &content);
    free(pdf);
    return pdf != NULL;
}

bool verify_bundle_defined_next(struct bundle *b, uint64_t index, struct str leaf)
{
    char path[VERIFY_PATH_MAX];
    struct str document;
    struct verify_defined defined;
    if (!verify_defined_read(&defined, index, leaf, b->scanner))
        return true;
    if (b->ndefined == VERIFY_BUNDLE_DEFINED_MAX)
        return verify_bad(b->r, "manifest", "more than %d definitions", VERIFY_BUNDLE_DEFINED_MAX);
    b->defined[b->ndefined++] = defined;
    snprintf(path, sizeof path, "definition/%llu", (unsigned long long)index);
    char *file = verify_bundle_next(b, path, &document);
    const bool holds = file && verify_defined_holds(document, leaf, b->scanner);
    free(file);
    return holds || !file ? holds
                          : verify_bad(b->r, path, "is not the document that its event names");
}

static bool check_pins(struct bundle *b)
{
    for (size_t i = 0; i < b->n; i++) {
        char path[VERIFY_PATH_MAX];
        struct str kind, name;
        if (verify_defined_pins(b->defined, b->ndefined, b->events[i].leaf, b->scanner, &kind,
                                &name))
            continue;
        snprintf(path, sizeof path, "event/%llu", (unsigned long long)b->events[i].index);
        return verify_bad(b->r, path,
                          "the definition %.*s.%.*s is not in the bundle as it was pinned",
                          STR(kind), STR(name));
    }
    return true;
}

bool verify_bundle_audit(struct bundle *b)
{
    int64_t event;
    const struct verify_claims claims = { b->order,     b->origin, b->checkpoint.size,
                                          b->root_text, b->events, b->n };
    if (!check_pins(b))
        return false;
    b->r->audit = true;
    b->r->pdf = b->pdf;
    b->r->definitions = b->ndefined;
    if (verify_trail_holds(&claims, b->trail_text, b->scanner, &event))
        return true;
    if (event < 0)
        return verify_bad(b->r, "trail.html",
                          "a head, a list or its end is not what the events "
                          "make");
    return verify_bad(b->r, "trail.html", "what it says of event %lld is not what that says",
                      (long long)event);
}

bool verify_bundle_audit_file(const struct bundle *b, struct str path)
{
    uint64_t index;
    if (str_is(path, "./trail.html") || (b->pdf && str_is(path, "./trail.pdf")))
        return true;
    if (!str_starts(path, S("./definition/")) || !verify_decimal(&index, str_from(path, 13)))
        return false;
    for (size_t i = 0; i < b->ndefined; i++)
        if (b->defined[i].index == index)
            return true;
    return false;
}
