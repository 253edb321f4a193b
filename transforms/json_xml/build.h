/* SPDX-License-Identifier: MIT */
/*
 * From the parts of JSON to elements, by the convention: what a key is the name of, where attributes
 * come from, what stands for a list of elements. It holds the names of what is open and, where text
 * comes before attributes, that text; nothing else.
 */
#ifndef JX_BUILD_H
#define JX_BUILD_H

#include "config.h"
#include "xml.h"

enum jx_frame {
    JX_DOCUMENT,    /* an object whose one member is the root */
    JX_RECORDS,     /* the array of all records */
    JX_ELEMENT,     /* an object whose members are attributes, text and children */
    JX_LIST,        /* an array of elements of one name */
    JX_TEXTS,       /* an array of text, of one element */
    JX_COMMENTS,    /* an array of comments */
    JX_NAMESPACES,  /* an object of declarations: "@xmlns": {"": …} */
    JX_ARRAY_NAME,  /* JsonML: the name must come */
    JX_ARRAY_FIRST, /* JsonML: attributes may come */
    JX_ARRAY,       /* JsonML: content */
    JX_ATTRIBUTES   /* JsonML: their object */
};

/* What the value is that comes next. */
enum jx_role {
    JX_ROLE_ROOT,      /* the whole, or a record */
    JX_ROLE_CHILD,     /* of the name that `key` is */
    JX_ROLE_TEXT,
    JX_ROLE_COMMENT,
    JX_ROLE_ATTRIBUTE, /* likewise */
    JX_ROLE_CONTENT    /* of JsonML: text or an element */
};

struct jx_build {
    const struct jx_config *config;
    struct jx_failure *failure;
    struct jx_xml xml;
    size_t depth;
    struct {
        enum jx_frame frame;
        bool opened;   /* an element that ends with it */
        bool has_text; /* of JX_ELEMENT: the text came */
        size_t name_at, name_size; /* of JX_LIST: in `keys` */
    } frames[JX_FRAMES_MAX + 1];
    enum jx_role role;
    bool in_value; /* the string is an attribute's value */
    bool closes;   /* the string is an element of its own */
    bool in_comment; /* the string is a comment */
    size_t key_size;
    char key[JX_NAME_BYTES_MAX + JX_KEY_BYTES_MAX + 2];
    /* Names of lists: inside each other, so one behind the other. */
    char *keys;
    size_t keys_used, keys_room;
    /* Text of the innermost element, while attributes may still come. */
    uint8_t *held;
    size_t held_size;
    size_t wrappers; /* elements open around the records */
};

bool jx_build_init(struct jx_build *b, const struct jx_config *config, struct kit_output *out,
                   struct jx_failure *failure);
void jx_build_fini(struct jx_build *b);

/* From the reader, in the order of the text. False: a failure, nothing may follow. */
bool jx_build_top(struct jx_build *b, uint64_t before); /* a value begins at the top */
bool jx_build_object(struct jx_build *b);
bool jx_build_object_end(struct jx_build *b);
bool jx_build_array(struct jx_build *b);
bool jx_build_array_end(struct jx_build *b);
bool jx_build_key(struct jx_build *b, const char *key, size_t size);
bool jx_build_string(struct jx_build *b);
bool jx_build_string_part(struct jx_build *b, const uint8_t *bytes, size_t size);
bool jx_build_string_end(struct jx_build *b);
bool jx_build_scalar(struct jx_build *b, const char *text, size_t size); /* a number or boolean */
bool jx_build_null(struct jx_build *b);
/* Is the string that comes a name? Then it comes whole, to jx_build_name. */
bool jx_build_wants_name(const struct jx_build *b);
bool jx_build_name(struct jx_build *b, const char *name, size_t size);
/* All `values` at the top have come. */
bool jx_build_finish(struct jx_build *b, uint64_t values);

#endif
