/* SPDX-License-Identifier: MIT */
/*
 * objlens plugin check: whether a shared object would load, and if not, why and what to do. It is
 * loaded as the server loads it, in a host behind the wall.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "control/config/files.h"
#include "objlens/transform.h"
#include "transform/loader.h"
#include "transform/source_file.h"
#include "transform/trusted_path.h"
#include "transform/vouch.h"

typedef struct checking {
    const ol_options *options;
    ol_vouch vouch;
    ol_program program;
    ol_loader_result *loaded;
    ol_buf text; /* unused by shared objects */
} checking;

/* ---- why not ---- */

/* A part of the refusal, and what helps. */
static const struct {
    const char *part, *help;
} remedies[] = {
    {"group or others may write", "chmod go-w FILE. Who can change the file can run code in hosts."},
    {"belongs neither to", "chown root FILE, or the user that the server runs as."},
    {"does not export objlens_transform_v1",
     "Define `const struct objlens_transform *objlens_transform_v1(void)` and include\n"
     "objlens/transform.h, which exports it; in C++ the header makes it extern \"C\".\n"
     "`nm -D FILE | grep objlens` should show it with a T."},
    {"undefined symbol", "The library that has the symbol must be linked: -l… behind the sources. Build with\n"
                         "-Wl,-z,defs, and the linker says so."},
    {"cannot open shared object file",
     "A library that it is linked with is not installed below /lib, /usr/lib or /usr/local/lib,\n"
     "the only folders that can be read while it loads. `ldd FILE` shows which."},
    {"it is no ELF file", "It must be linked: cc -shared -fPIC -o NAME.so …"},
    {"it is an object file", "Link it: cc -shared -fPIC -o NAME.so …"},
    {"it is a program", "Link it with -shared and -fPIC, not as a program."},
    {"cannot dynamically load", "It is a program: link it with -shared and -fPIC."},
    {"it is a 32-bit file", "Build it without -m32, on or for this machine."},
    {"built for version", "Build it with the header of this objlens (objlens new c writes it)."},
    {"it was built for ", "Build it on this machine, or with a compiler for it."},
    {"it is cut off", "It was copied or written in part: build it anew, and move it into place when it is complete."},
    {"it needs flags", "It was built with the header of a later objlens, or `flags` has something else in it."},
    {"descriptor", "Begin the descriptor with OBJLENS_TRANSFORM_HEAD and name the other fields (.name = …)."},
    {"its load() failed", "The sentence behind it is the transform's own."},
    {"forbidden system call",
     "load(), or a constructor of a library, did what the sandbox forbids: processes, sockets,\n"
     "writing files, or threads without threads_max."},
    {"killed by signal", "It crashed while it loaded. Build it with -g -fsanitize=address,undefined and load it in a\n"
                         "program of your own with dlopen()."},
    {"did not load within", "load() takes too long, or waits for something that never comes."},
    {"pinned one", "Either the file is not the one that was meant, or the pin is old."},
    {"not signed", "openssl pkeyutl -sign -rawin -inkey KEY.pem -in FILE -out FILE.sig"},
    {"signature is by none", "Sign it with a key of the configuration, and after the last build."},
};

static const char *remedy_for(const char *why)
{
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
        if (strstr(why, remedies[i].part))
            return remedies[i].help;
    return NULL;
}

/* Without "transform NAME (FILE) was refused: ": the line above names the file. */
static const char *without_name(const char *why)
{
    static const char mark[] = " was refused: ";
    const char *behind = strncmp(why, "transform ", 10) == 0 ? strstr(why, mark) : NULL;
    return behind ? behind + sizeof(mark) - 1 : why;
}

static void explain(const checking *self, const ol_error *err)
{
    const char *why = without_name(ol_cli_reason(err));
    const char *help = remedy_for(why);
    printf("%s: refused\n%s\n", self->program.path, why);
    if (help)
        printf("%s\n", help);
}

/* ---- what it is ---- */

static void print_names(const char *label, ol_slice names)
{
    if (names.len == 0)
        return;
    printf("%-14s", label);
    for (size_t i = 0; i + 1 < names.len; i++)
        putchar(names.data[i] == '\n' ? ' ' : names.data[i]);
    putchar('\n');
}

static void print_share(const ol_program_declared *d)
{
    printf("%-14s%s%s%s\n", "requests",
           d->reentrant ? "several at a time" : "one at a time, each alone in its process",
           d->ignores_identity ? ", the same for every caller" : "",
           d->depends_request ? ", never cached (it sees the request)" : "");
    if (d->keeps_positions)
        printf("%-14sbyte by byte, with %u before and %u behind\n", "ranges", d->positions_before,
               d->positions_after);
    if (d->threads_max > 0)
        printf("%-14sup to %u of its own\n", "threads", d->threads_max);
}

/* A server loads only what nobody else can change, the folders above it included. */
static void print_folder(const checking *self)
{
    ol_error err = {0};
    if (ol_trusted_file(self->program.path, &err) != OL_OK)
        printf("%-14sno server would load it from here: %s\n", "folder", ol_cli_reason(&err));
}

static void describe(const checking *self)
{
    const ol_program_declared *d = &self->loaded->declared;
    char digest[65];
    ol_hex_encode(self->program.digest, sizeof(self->program.digest), digest);
    printf("%s: loads (this objlens has version %d.%d of the transform ABI)\n", self->program.path,
           OBJLENS_ABI_MAJOR, OBJLENS_ABI_MINOR);
    printf("%-14sGET%s\n", "answers", d->has_head ? ", HEAD" : "");
    print_share(d);
    print_names("headers", d->depends_headers);
    print_names("counters", d->counters);
    printf("%-14s%s\n", "sha256", digest);
    if (self->vouch.keys.count > 0)
        printf("%-14sgood\n", "signature");
    print_folder(self);
    if (self->loaded->landlock == 0)
        puts("This kernel has no Landlock: while it loads, other files can be read as well.");
}

/* ---- the check ---- */

static int read_vouch(checking *self, ol_error *err)
{
    const char *text = ol_options_value(self->options, "sha256", 0);
    if (text && !ol_vouch_digest_parse(ol_slice_cstr(text), self->vouch.digest))
        return ol_error_set(err, OL_EINVAL, "--sha256 is 64 hexadecimal digits");
    self->vouch.has_digest = text != NULL;
    for (size_t i = 0; (text = ol_options_value(self->options, "key", i)); i++)
        if (ol_vouch_keys_add(&self->vouch.keys, text, err) != OL_OK)
            return OL_EINVAL;
    return OL_OK;
}

static int check(checking *self, ol_error *err)
{
    ol_source_id id;
    int rc = ol_source_kind(self->program.path, &self->program.kind, err);
    if (rc == OL_OK && self->program.kind != OL_PROGRAM_SHARED)
        return ol_error_set(err, OL_EINVAL, "it is no shared object: objlens run tries a script");
    const char *why = rc == OL_OK ? ol_file_unreadable(self->program.path) : NULL;
    if (why)
        return ol_error_set(err, OL_EINVAL, "it %s", why);
    if (rc == OL_OK)
        rc = ol_source_read(&self->program, &self->text, &id, err);
    if (rc == OL_OK)
        rc = ol_vouch_check(&self->vouch, &self->program, err);
    if (rc == OL_OK)
        rc = ol_loader_try(&self->program, self->loaded, err);
    return rc;
}

static int check_file(const ol_options *options)
{
    checking self = {.options = options,
                     .program = {.path = options->operands[1],
                                 .name = options->operands[1],
                                 .kind = OL_PROGRAM_SHARED,
                                 .image_fd = -1}};
    ol_error err = {0};
    ol_transform_limits_default(&self.program.limits);
    if (read_vouch(&self, &err) != OL_OK)
        return ol_cli_usage(options->command, "%s", err.detail);
    ol_buf_init(&self.text, OL_SOURCE_LUA_BYTES_MAX);
    self.loaded = ol_calloc(1, sizeof(*self.loaded));
    int rc = self.loaded ? check(&self, &err) : ol_error_set(&err, OL_ENOMEM, "starting");
    if (rc == OL_OK)
        describe(&self);
    else
        explain(&self, &err);
    if (self.program.image_fd >= 0)
        close(self.program.image_fd);
    ol_free(self.loaded);
    ol_buf_fini(&self.text);
    return rc == OL_OK ? OL_EXIT_OK : OL_EXIT_FAILED;
}

static int run(const ol_options *options)
{
    if (strcmp(options->operands[0], "check") != 0)
        return ol_cli_usage(options->command, "\"%.20s\" is not check", options->operands[0]);
    return check_file(options);
}

static const ol_option plugin_options[] = {
    {"sha256", "DIGEST", false, "the file must be this one, as sha256 in the configuration says"},
    {"key", "FILE", true,
     "FILE.so.sig must be a signature by this key (or another of\n"
     "them): an Ed25519 public key in PEM, as in plugins.keys"},
};

const ol_command ol_command_plugin = {
    .name = "plugin",
    .operands = "check FILE.so",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Say whether a shared object would load, and why not.",
    .about = "The file is loaded as the server does it, in a host behind the sandbox. If it loads, what it\n"
             "declares is shown; if not, why, and what helps.\n\n"
             "Exit code 0: it loads. 1: it is refused.",
    .options = plugin_options,
    .option_count = sizeof(plugin_options) / sizeof(plugin_options[0]),
    .run = run,
};
