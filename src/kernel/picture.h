/* Pictures in instructions: a definition of their own, named by a task or a form with its version
 * and with what it shows in words. They stand in a frame of one shape, so that nothing moves when
 * they come. */
#ifndef VEIN_KERNEL_PICTURE_H
#define VEIN_KERNEL_PICTURE_H

#include "kernel/define.h"
#include "kernel/http.h"

#define RECORDS "kernel/picture.def"
#include "base/record_structs.h"
#undef RECORDS

/* Its check: REFUSED "picture.not_an_image". */
extern const struct define_kind picture_kind;

/* For the check of what names one, or none: REFUSED "picture.unknown" {picture, version, at} where
 * there is no such version of it, or it was retired. */
enum outcome picture_known(const struct define_context *context, const struct picture_named *named,
                           size_t n, struct str at, struct err *e);

/* GET /pictures/{name}/{version}: the image itself, which never changes. REFUSED "define.unknown".
 */
http_handler_fn picture_get;

#endif
