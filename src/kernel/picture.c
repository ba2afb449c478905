/* Pictures in instructions: their kind of definition, and the image itself. */
#include "kernel/picture.h"

#include "kernel/app.h"
#include "kernel/file.h"
#include "kernel/show.h"

#define RECORDS "kernel/picture.def"
#include "base/record_tables.h"
#undef RECORDS

/* By its first bytes, as a file's: what a browser shows and no script is in. */
static const struct file_type *type_of(const struct picture *picture)
{
    const struct file_type *type = file_sniff(picture->image);
    return type && (str_is(str_z(type->name), "png") || str_is(str_z(type->name), "jpeg")) ? type
                                                                                           : NULL;
}

static enum outcome check(const struct define_context *context, const void *body, struct err *e)
{
    (void)context;
    return type_of(body) ? OK : REFUSE(e, "picture.not_an_image", { "at", S("image") });
}

const struct define_kind picture_kind = {
    .name = "picture",
    .shape = &picture_record,
    .check = check,
};

enum outcome picture_known(const struct define_context *context, const struct picture_named *named,
                           size_t n, struct str at, struct err *e)
{
    struct definition found;
    bool is = false;
    if (n == 0)
        return OK;
    if (named->version > 0)
        TRY(define_look(&found, context, S("picture"), named->name, named->version, &is, e));
    return is && !found.ended ? OK
                              : REFUSE(e, "picture.unknown", { "picture", named->name },
                                       { "version", arena_printf(context->arena, "%lld",
                                                                 (long long)named->version) },
                                       { "at", at });
}

static enum outcome image(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct definition found;
    bool is = false;
    int64_t version;
    if (str_to_u63(&version, http_param(r, "version")) && version > 0)
        TRY(define_find(&found, db, S("picture"), http_param(r, "name"), version, p->now_us,
                        r->arena, &is, e));
    if (!is)
        return REFUSE(e, "define.unknown");
    const struct picture *picture = found.body;
    const struct file_type *type = type_of(picture);
    if (!type)
        return err_fault(e, "define.damaged", "picture %.*s", STR(found.name));
    r->answer.status = 200;
    r->answer.media_type = type->media_type;
    r->answer.body = (struct str){ (const char *)picture->image.p, picture->image.n };
    return OK;
}

enum http_state picture_get(struct http_request *r)
{
    return show(r, "page.definition.title", image);
}
