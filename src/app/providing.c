/* Reads what the settings name, and keeps it while it is used. */
#include "app/providing.h"

#include <sodium.h>
#include <stdlib.h>

#include "app/posting.h"

enum { SECRET_MAX = 1000, PEM_MAX = 128 << 10 };

struct providing {
    struct params params;
    struct openid *openid;
    char secret[SECRET_MAX + 1];
    size_t nsecret;
    char trusted[PEM_MAX];
    size_t ntrusted;
    char client_ca[PEM_MAX];
    size_t nclient_ca;
};

static enum outcome pem_read(char *out, size_t *n, const char *path, struct err *e)
{
    if (path[0] && !posting_file(out, PEM_MAX, n, path, false))
        return REFUSE(e, "params.trusted", { "path", str_z(path) });
    out[*n] = '\0';
    return OK;
}

static enum outcome openid_read(struct providing *p, struct workers *workers, struct err *e)
{
    const struct params *params = &p->params;
    if (!params->openid_issuer[0])
        return OK;
    if (params->openid_secret[0] &&
        !posting_file(p->secret, SECRET_MAX, &p->nsecret, params->openid_secret, true))
        return REFUSE(e, "openid.secret", { "path", str_z(params->openid_secret) });
    TRY(pem_read(p->trusted, &p->ntrusted, params->trusted_ca, e));
    const struct openid_setup setup = {
        .issuer = str_z(params->openid_issuer),
        .client = str_z(params->openid_client),
        .secret = str_trim((struct str){ p->secret, p->nsecret }),
        .organisation = str_z(params->openid_organisation),
        .name = str_z(params->openid_name),
        .scopes = str_z(params->openid_scopes),
        .claim = str_z(params->openid_claim),
        .code = str_z(params->openid_code),
        .trusted = { p->trusted, p->ntrusted },
    };
    return openid_open(&p->openid, &setup, workers, e);
}

enum outcome providing_open(struct providing **out, const struct params *params,
                            struct workers *workers, struct err *e)
{
    struct providing *p = calloc(1, sizeof *p);
    if (!p)
        return err_no_memory(e);
    p->params = *params;
    enum outcome o = pem_read(p->client_ca, &p->nclient_ca, params->client_ca, e);
    if (o == OK)
        o = openid_read(p, workers, e);
    if (o == OK)
        *out = p;
    else
        providing_close(p);
    return o;
}

void providing_close(struct providing *p)
{
    if (!p)
        return;
    openid_close(p->openid);
    sodium_memzero(p->secret, sizeof p->secret);
    free(p);
}

struct openid *providing_openid(const struct providing *p)
{
    return p->openid;
}

const char *providing_client_ca(const struct providing *p)
{
    return p->nclient_ca > 0 ? p->client_ca : NULL;
}
