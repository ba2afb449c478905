/* The hybrid logical clock; see hlc.h. Invariant: what hlc_next and hlc_merge give is greater than
 * each stamp they were given, the refused remote one excepted. */
#include "base/hlc.h"

/* The least stamp greater than h. */
static struct hlc hlc_after(struct hlc h)
{
    if (h.count >= HLC_COUNT_MAX)
        return (struct hlc){ .us = h.us + 1, .count = 0 };
    return (struct hlc){ .us = h.us, .count = h.count + 1 };
}

struct hlc hlc_next(struct hlc last, int64_t now_us)
{
    if (now_us > last.us)
        return (struct hlc){ .us = now_us, .count = 0 };
    return hlc_after(last);
}

bool hlc_merge(struct hlc *out, struct hlc last, struct hlc remote, int64_t now_us)
{
    if (remote.us > now_us + HLC_AHEAD_MAX_US) {
        *out = hlc_next(last, now_us);
        return false;
    }
    *out = hlc_next(hlc_cmp(last, remote) < 0 ? remote : last, now_us);
    return true;
}

int hlc_cmp(struct hlc a, struct hlc b)
{
    if (a.us != b.us)
        return a.us < b.us ? -1 : 1;
    return (a.count > b.count) - (a.count < b.count);
}

void hlc_write(struct buf *b, struct hlc h)
{
    buf_int(b, h.us);
    buf_char(b, '.');
    buf_int(b, h.count);
}

bool hlc_read(struct hlc *out, struct str s)
{
    struct hlc h;
    struct str rest = s;
    const struct str us = str_cut(&rest, '.');
    if (!str_to_u63(&h.us, us) || !str_to_u63(&h.count, rest) || h.count > HLC_COUNT_MAX)
        return false;
    *out = h;
    return true;
}
