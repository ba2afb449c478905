/* Names compared as people say them: a stated name is the enrolled one when both fold to the same
 * letters (base/fold.h). */
#include "base/fold.h"
#include "modules/identity/identity_impl.h"

enum { NAME_MAX_BYTES = 1000 };

/* With `two`, umlauts and their like become two letters (ü: ue). */
static struct str folded(struct str first, struct str second, unsigned two, struct arena *arena)
{
    struct buf out = buf_in(arena, 8 * NAME_MAX_BYTES);
    fold_text(&out, first, two);
    fold_text(&out, second, two);
    return buf_ok(&out) ? buf_get(&out) : (struct str){ 0 };
}

bool identity_name_is(struct str stated, struct str family, struct str given, struct arena *arena)
{
    const struct str none = { 0 };
    if (stated.n > NAME_MAX_BYTES || family.n > NAME_MAX_BYTES || given.n > NAME_MAX_BYTES ||
        !str_utf8_valid(stated) || !str_utf8_valid(family) || !str_utf8_valid(given))
        return false;
    static const unsigned ways[] = { 0, FOLD_TWO };
    for (int said = 0; said < 2; said++) {
        struct str name = folded(stated, none, ways[said], arena);
        for (int known = 0; name.n > 0 && known < 2; known++)
            if (str_eq(name, folded(family, given, ways[known], arena)) ||
                str_eq(name, folded(given, family, ways[known], arena)))
                return true;
    }
    return false;
}
