/* PKCS#11 by p11-kit's loader. */
#include "kernel/keyring_token.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <sodium.h>
#include <unistd.h>

enum { PIN_MAX = 256, SLOTS_SEEN_MAX = 64, GCM_NONCE = 12, GCM_TAG_BITS = 128 };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static char label[] = "vein root";

struct token {
    P11KitUri *uri;
    CK_FUNCTION_LIST *module;
    bool initialized;
    CK_SESSION_HANDLE session;
    bool opened;
    CK_OBJECT_HANDLE key;
};

static enum outcome fault(const char *what, CK_RV rv, struct err *e)
{
    return err_fault(e, "seal.token", "%s: %s", what, p11_kit_strerror(rv));
}

static void token_close(struct token *t)
{
    if (t->opened) {
        t->module->C_Logout(t->session);
        t->module->C_CloseSession(t->session);
    }
    if (t->initialized)
        p11_kit_module_finalize(t->module);
    if (t->module)
        p11_kit_module_release(t->module);
    if (t->uri)
        p11_kit_uri_free(t->uri);
}

static enum outcome pin_read(char pin[PIN_MAX], size_t *n, const char *path, struct err *e)
{
    int fd;
    TRY(keyring_file_open(&fd, path, e));
    if (fd < 0)
        return REFUSE(e, "seal.not_found", { "file", str_z(path) });
    const ssize_t got = read(fd, pin, PIN_MAX);
    close(fd);
    if (got < 0)
        return err_fault(e, "seal.io", "read %s: %m", path);
    const struct str text = str_trim((struct str){ pin, (size_t)got });
    memmove(pin, text.p, text.n);
    *n = text.n;
    return OK;
}

/* The first slot whose token is the one that the URI names. */
static enum outcome find_slot(struct token *t, CK_SLOT_ID *slot, const char *uri, struct err *e)
{
    CK_SLOT_ID slots[SLOTS_SEEN_MAX];
    CK_ULONG n = SLOTS_SEEN_MAX;
    CK_TOKEN_INFO info;
    const CK_RV rv = t->module->C_GetSlotList(CK_TRUE, slots, &n);
    if (rv != CKR_OK)
        return fault("list the slots", rv, e);
    for (CK_ULONG i = 0; i < n; i++)
        if (t->module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            p11_kit_uri_match_token_info(t->uri, &info)) {
            *slot = slots[i];
            return OK;
        }
    return REFUSE(e, "seal.token_missing", { "uri", str_z(uri) });
}

static enum outcome log_in(struct token *t, CK_SLOT_ID slot, struct err *e)
{
    char pin[PIN_MAX];
    size_t n = 0;
    const char *path = p11_kit_uri_get_pin_source(t->uri);
    path = strncmp(path, "file:", 5) == 0 ? path + 5 : path;
    TRY(pin_read(pin, &n, path, e));
    CK_RV rv = t->module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                        &t->session);
    t->opened = rv == CKR_OK;
    if (t->opened)
        rv = t->module->C_Login(t->session, CKU_USER, (CK_UTF8CHAR *)pin, (CK_ULONG)n);
    sodium_memzero(pin, sizeof pin);
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED)
        return REFUSE(e, "seal.token_pin", { "file", str_z(path) });
    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? OK : fault("log in", rv, e);
}

static enum outcome token_open(struct token *t, const char *uri, struct err *e)
{
    CK_SLOT_ID slot;
    *t = (struct token){ .uri = p11_kit_uri_new() };
    if (!t->uri)
        return err_no_memory(e);
    if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_MODULE_WITH_VERSION,
                          t->uri) != P11_KIT_URI_OK ||
        !p11_kit_uri_get_module_path(t->uri) || !p11_kit_uri_get_pin_source(t->uri))
        return REFUSE(e, "seal.token_uri", { "uri", str_z(uri) });
    t->module = p11_kit_module_load(p11_kit_uri_get_module_path(t->uri), 0);
    if (!t->module)
        return REFUSE(e, "seal.token_missing", { "uri", str_z(uri) });
    const CK_RV rv = p11_kit_module_initialize(t->module);
    t->initialized = rv == CKR_OK;
    if (rv != CKR_OK)
        return fault("start the token's library", rv, e);
    TRY(find_slot(t, &slot, uri, e));
    return log_in(t, slot, e);
}

static enum outcome find_key(struct token *t, const uint8_t id[HEADER_SALT], bool *found,
                             struct err *e)
{
    uint8_t wanted[HEADER_SALT];
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    memcpy(wanted, id, sizeof wanted);
    CK_ATTRIBUTE attributes[] = { { CKA_CLASS, &class, sizeof class },
                                  { CKA_ID, wanted, sizeof wanted } };
    CK_ULONG n = 0;
    CK_RV rv = t->module->C_FindObjectsInit(t->session, attributes, 2);
    if (rv == CKR_OK) {
        rv = t->module->C_FindObjects(t->session, &t->key, 1, &n);
        t->module->C_FindObjectsFinal(t->session);
    }
    *found = rv == CKR_OK && n == 1;
    return rv == CKR_OK ? OK : fault("look for the key", rv, e);
}

/* What is done with the token once it is open. */
struct task {
    const uint8_t *id;
    const uint8_t *nonce;
    struct bytes with;
    const uint8_t *in;
    uint8_t *out;
    bool *good;
};
typedef enum outcome token_fn(struct token *t, const struct task *task, struct err *e);

static enum outcome with_token(const char *uri, token_fn *run, const struct task *task,
                               struct err *e)
{
    struct token t;
    enum outcome o = token_open(&t, uri, e);
    if (o == OK)
        o = run(&t, task, e);
    token_close(&t);
    return o;
}

static enum outcome need_key(struct token *t, const uint8_t id[HEADER_SALT], struct err *e)
{
    bool found;
    TRY(find_key(t, id, &found, e));
    return found ? OK : REFUSE(e, "seal.token_key");
}

static enum outcome make(struct token *t, const struct task *task, struct err *e)
{
    uint8_t id[HEADER_SALT];
    CK_ULONG size = KEY_SIZE;
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    memcpy(id, task->id, sizeof id);
    CK_ATTRIBUTE attributes[] = {
        { CKA_TOKEN, &yes, sizeof yes },
        { CKA_PRIVATE, &yes, sizeof yes },
        { CKA_SENSITIVE, &yes, sizeof yes },
        { CKA_EXTRACTABLE, &no, sizeof no },
        { CKA_ENCRYPT, &yes, sizeof yes },
        { CKA_DECRYPT, &yes, sizeof yes },
        { CKA_ID, id, sizeof id },
        { CKA_LABEL, label, sizeof label - 1 },
        { CKA_VALUE_LEN, &size, sizeof size },
    };
    const CK_RV rv = t->module->C_GenerateKey(t->session, &mechanism, attributes,
                                              sizeof attributes / sizeof *attributes, &t->key);
    return rv == CKR_OK ? OK : fault("make a key", rv, e);
}

static enum outcome destroy(struct token *t, const struct task *task, struct err *e)
{
    bool found;
    TRY(find_key(t, task->id, &found, e));
    const CK_RV rv = found ? t->module->C_DestroyObject(t->session, t->key) : CKR_OK;
    return rv == CKR_OK ? OK : fault("destroy a key", rv, e);
}

static CK_GCM_PARAMS gcm_of(const struct task *task)
{
    return (CK_GCM_PARAMS){
        .iv_ptr = (uint8_t *)(uintptr_t)task->nonce,
        .iv_len = GCM_NONCE,
        .iv_bits = GCM_NONCE * 8,
        .aad_ptr = (uint8_t *)(uintptr_t)task->with.p,
        .aad_len = task->with.n,
        .tag_bits = GCM_TAG_BITS,
    };
}

static enum outcome wrap(struct token *t, const struct task *task, struct err *e)
{
    CK_GCM_PARAMS gcm = gcm_of(task);
    CK_MECHANISM mechanism = { CKM_AES_GCM, &gcm, sizeof gcm };
    CK_ULONG n = SLOT_WRAPPED;
    TRY(need_key(t, task->id, e));
    CK_RV rv = t->module->C_EncryptInit(t->session, &mechanism, t->key);
    if (rv == CKR_OK)
        rv = t->module->C_Encrypt(t->session, (uint8_t *)(uintptr_t)task->in, KEY_SIZE, task->out,
                                  &n);
    if (rv != CKR_OK)
        return fault("wrap", rv, e);
    return n == SLOT_WRAPPED ? OK : err_fault(e, "seal.token", "it wraps to %lu bytes", n);
}

static enum outcome unwrap(struct token *t, const struct task *task, struct err *e)
{
    CK_GCM_PARAMS gcm = gcm_of(task);
    CK_MECHANISM mechanism = { CKM_AES_GCM, &gcm, sizeof gcm };
    uint8_t plain[SLOT_WRAPPED];
    CK_ULONG n = sizeof plain;
    bool found;
    *task->good = false;
    TRY(find_key(t, task->id, &found, e));
    if (!found)
        return OK;
    CK_RV rv = t->module->C_DecryptInit(t->session, &mechanism, t->key);
    if (rv != CKR_OK)
        return fault("unwrap", rv, e);
    rv = t->module->C_Decrypt(t->session, (uint8_t *)(uintptr_t)task->in, SLOT_WRAPPED, plain, &n);
    *task->good = rv == CKR_OK && n == KEY_SIZE;
    if (*task->good)
        memcpy(task->out, plain, KEY_SIZE);
    sodium_memzero(plain, sizeof plain);
    return OK;
}

enum outcome token_key_make(const char *uri, const uint8_t id[HEADER_SALT], struct err *e)
{
    return with_token(uri, make, &(struct task){ .id = id }, e);
}

enum outcome token_key_destroy(const char *uri, const uint8_t id[HEADER_SALT], struct err *e)
{
    return with_token(uri, destroy, &(struct task){ .id = id }, e);
}

enum outcome token_wrap(const char *uri, const uint8_t id[HEADER_SALT],
                        const uint8_t nonce[SLOT_NONCE], struct bytes with,
                        const uint8_t secret[KEY_SIZE], uint8_t wrapped[SLOT_WRAPPED],
                        struct err *e)
{
    return with_token(uri, wrap, &(struct task){ id, nonce, with, secret, wrapped, NULL }, e);
}

enum outcome token_unwrap(const char *uri, const uint8_t id[HEADER_SALT],
                          const uint8_t nonce[SLOT_NONCE], struct bytes with,
                          const uint8_t wrapped[SLOT_WRAPPED], uint8_t secret[KEY_SIZE], bool *good,
                          struct err *e)
{
    return with_token(uri, unwrap, &(struct task){ id, nonce, with, wrapped, secret, good }, e);
}
