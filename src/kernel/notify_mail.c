/* The mail about a notification: what to do, the pseudonym it is about, a link; nothing else. */
#include "kernel/notify_impl.h"
#include "kernel/outbox_impl.h"
#include "kernel/text.h"

#define RECORDS "kernel/notify_mail.def"
#include "base/record_tables.h"
#undef RECORDS

enum { MAIL_MAX = 8000 };

/* RFC 5322: "Sat, 28 Nov 2026 16:00:00 +0000". */
static struct str mail_date(int64_t us, struct arena *arena)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1 January 1970 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, us);
    const struct str t = buf_get(&b); /* YYYY-MM-DDThh:mm:ss */
    const int month = (t.p[5] - '0') * 10 + (t.p[6] - '0');
    const int64_t day = us / TIME_DAY % 7;
    return arena_printf(arena, "%.3s, %.2s %.3s %.4s %.8s +0000", days + 3 * day, t.p + 8,
                        months + 3 * (month - 1), t.p, t.p + 11);
}

static enum outcome mail_address_of(struct str *out, const struct outbox_compose *c,
                                    struct str account, struct err *e)
{
    struct notify_contact_in in = { account };
    struct notify_contact_out row;
    bool found;
    TRY(db_get(c->db, &sql_notify_contact, &in, &row, c->arena, &found, e));
    if (!found)
        return REFUSE(e, "outbox.no_address"); /* taken back since */
    return seal_open(c->keys, out, row.event, S("mail"), row.mail, c->arena, e);
}

static enum outcome message_read(struct notify_message *out, const struct outbox_compose *c,
                                 struct err *e)
{
    const struct json *json;
    TRY(json_read(&json, c->arena, c->message->body, &json_limits_default, e));
    return record_from_json(&notify_message_record, out, c->arena, json, e);
}

/* What stands in a header is ASCII without line ends. */
static void put_header_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_char(b, s.p[i] >= ' ' && s.p[i] < 127 ? s.p[i] : '?');
}

static void put_line(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n')
            buf_char(b, '\r');
        buf_char(b, s.p[i]);
    }
    buf_z(b, "\r\n");
}

enum outcome notify_mail(struct outbox_request *out, const struct outbox_compose *c, struct err *e)
{
    struct notify_message m;
    TRY(message_read(&m, c, e));
    TRY(mail_address_of(&out->to, c, m.account, e));
    struct str urgency = text_find(S("en"), arena_printf(c->arena, "urgency.%.*s", STR(m.urgency)));
    size_t at = str_find(out->from, '@');
    struct str domain = str_from(out->from, at < out->from.n ? at + 1 : out->from.n);
    struct buf b = buf_in(c->arena, MAIL_MAX);
    buf_printf(&b, "From: vein <%.*s>\r\nTo: <%.*s>\r\nSubject: ", STR(out->from), STR(out->to));
    put_header_text(&b, urgency.p ? urgency : m.urgency);
    buf_z(&b, ": ");
    put_header_text(&b, m.label);
    buf_printf(&b, "\r\nDate: %.*s\r\nMessage-ID: <%.*s@%.*s>\r\n",
               STR(mail_date(c->message->queued, c->arena)), STR(c->message->message), STR(domain));
    buf_z(&b, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    put_line(&b, m.label);
    put_line(&b, m.text);
    put_line(&b, arena_printf(c->arena, "%.*s%.*s", STR(c->setup->public_url), STR(m.link)));
    TRY(buf_check(&b, e));
    out->body = buf_get(&b);
    return OK;
}
