/* What a bundle discloses: keys of single texts, each held against the seal that it opens. */
#include "verify/bundle_impl.h"

#include <stdlib.h>

size_t verify_bundle_event_at(const struct bundle *b, uint64_t index)
{
    size_t i = 0;
    while (i < b->n && b->events[i].index != index)
        i++;
    return i;
}

/* The sealed text at the path: the reason of the envelope, or a member of the payload. */
static bool sealed_at(struct bundle *b, const struct verify_told *told, struct str path,
                      struct str *out)
{
    struct str value;
    if (!str_is(path, "reason") && !(verify_member(b->scanner, told->leaf, S("payload"), &value) &&
                                     verify_member_path(b->scanner, value, path, &value)))
        return false;
    if (str_is(path, "reason") && !verify_member(b->scanner, told->leaf, path, &value))
        return false;
    *out = (struct str){ value.p + 1, value.n > 2 ? value.n - 2 : 0 };
    return value.n > 2 && value.p[0] == '"';
}

static bool open_field(struct bundle *b, const struct verify_field_key *field)
{
    struct str sealed;
    size_t n = 0;
    const size_t at = verify_bundle_event_at(b, field->index);
    if (at == b->n || !sealed_at(b, &b->events[at], field->path, &sealed))
        return verify_bad(b->r, "keys", "no sealed text at %.*s of event %llu", STR(field->path),
                          (unsigned long long)field->index);
    struct verify_told *told = &b->events[at];
    for (size_t i = 0; i < told->nopened; i++)
        if (str_eq(told->opened[i].path, field->path))
            return verify_bad(b->r, "keys", "a line stands twice");
    struct verify_opened *more =
        realloc((void *)(uintptr_t)told->opened, (told->nopened + 1) * sizeof *more);
    uint8_t *plain = malloc(sealed.n + 1);
    if (more)
        told->opened = more;
    if (!more || !plain) {
        free(plain);
        return verify_bad(b->r, "memory", "could not get enough");
    }
    if (!verify_sealed_open(plain, &n, sealed, field->key) ||
        !str_utf8_valid((struct str){ (char *)plain, n })) {
        free(plain);
        return verify_bad(b->r, "keys", "the key of %.*s of event %llu does not open it",
                          STR(field->path), (unsigned long long)field->index);
    }
    struct str path = verify_copy(field->path);
    more[told->nopened++] = (struct verify_opened){ path, { (char *)plain, n } };
    b->r->disclosed++;
    return path.p != NULL || verify_bad(b->r, "memory", "could not get enough");
}

bool verify_bundle_open_fields(struct bundle *b)
{
    struct str rest = b->field_text;
    struct verify_field_key last = { 0 };
    for (bool first = true; rest.n > 0; first = false) {
        struct verify_field_key field;
        if (!verify_field_line(&field, &rest))
            return verify_bad(b->r, "keys", "a line is malformed");
        if (!first && field.index < last.index)
            return verify_bad(b->r, "keys", "a line is not in its place");
        if (!open_field(b, &field))
            return false;
        last = field;
    }
    return true;
}
