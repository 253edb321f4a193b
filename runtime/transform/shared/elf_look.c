/* SPDX-License-Identifier: MIT */
#include "transform/shared/elf_look.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM_HEADERS_MAX 512u

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE /* the dynamic loader will know */
#endif

typedef struct look {
    int fd;
    uint64_t size;
    ElfW(Ehdr) head;
    char *why;
} look;

static bool wrong(look *self, const char *sentence)
{
    snprintf(self->why, OL_ELF_WHY_SIZE, "%s", sentence);
    return true;
}

static bool cut_off(look *self, uint64_t wanted)
{
    snprintf(self->why, OL_ELF_WHY_SIZE, "it is cut off: it has %llu of at least %llu bytes",
             (unsigned long long)self->size, (unsigned long long)wanted);
    return true;
}

static const char *machine_name(unsigned machine, char text[32])
{
    switch (machine) {
    case EM_386: return "x86";
    case EM_X86_64: return "x86-64";
    case EM_ARM: return "ARM";
    case EM_AARCH64: return "aarch64";
    case EM_RISCV: return "RISC-V";
    default: break;
    }
    snprintf(text, 32, "machine %u", machine);
    return text;
}

/* ---- what it is ---- */

static bool kind_is_wrong(look *self)
{
    static const unsigned char own_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    char its[32], ours[32];
    if (memcmp(self->head.e_ident, ELFMAG, SELFMAG) != 0)
        return wrong(self, "it is no ELF file");
    if (self->head.e_ident[EI_CLASS] != own_class)
        return wrong(self, own_class == ELFCLASS64 ? "it is a 32-bit file, this objlens has 64"
                                                   : "it is a 64-bit file, this objlens has 32");
    if (MACHINE != EM_NONE && self->head.e_machine != MACHINE) {
        snprintf(self->why, OL_ELF_WHY_SIZE, "it was built for %s, this machine is %s",
                 machine_name(self->head.e_machine, its), machine_name(MACHINE, ours));
        return true;
    }
    if (self->head.e_type == ET_REL)
        return wrong(self, "it is an object file, which is not linked yet");
    return self->head.e_type != ET_DYN && wrong(self, "it is a program and no shared object");
}

/* ---- whether it is whole ---- */

static bool ends_within(uint64_t offset, uint64_t bytes, uint64_t size)
{
    return offset <= size && bytes <= size - offset;
}

/* The loader maps what these say, and a page behind the file's end kills who touches it. */
static bool segments_are_cut(look *self)
{
    unsigned count = self->head.e_phnum < PROGRAM_HEADERS_MAX ? self->head.e_phnum : PROGRAM_HEADERS_MAX;
    for (unsigned i = 0; i < count; i++) {
        ElfW(Phdr) segment;
        uint64_t at = self->head.e_phoff + (uint64_t)i * sizeof(segment);
        if (at < self->head.e_phoff || !ends_within(at, sizeof(segment), self->size))
            return cut_off(self, at + sizeof(segment));
        if (pread(self->fd, &segment, sizeof(segment), (off_t)at) != sizeof(segment))
            return wrong(self, "its program headers cannot be read");
        if (segment.p_type == PT_LOAD && !ends_within(segment.p_offset, segment.p_filesz, self->size))
            return cut_off(self, segment.p_offset + segment.p_filesz);
    }
    return false;
}

/* Nothing loads the table of sections, but it comes last: without it, so may be more. */
static bool is_cut(look *self)
{
    uint64_t sections = (uint64_t)self->head.e_shnum * self->head.e_shentsize;
    if (self->head.e_phentsize == sizeof(ElfW(Phdr)) && segments_are_cut(self))
        return true;
    return self->head.e_shoff != 0 && !ends_within(self->head.e_shoff, sections, self->size) &&
           cut_off(self, self->head.e_shoff + sections);
}

static bool is_wrong(look *self)
{
    struct stat st;
    if (fstat(self->fd, &st) != 0)
        return false;
    self->size = (uint64_t)st.st_size;
    ssize_t got = pread(self->fd, &self->head, sizeof(self->head), 0);
    if (got < 0)
        return false;
    if (got < (ssize_t)sizeof(self->head)) {
        bool begins = got >= SELFMAG && memcmp(self->head.e_ident, ELFMAG, SELFMAG) == 0;
        return begins ? cut_off(self, sizeof(self->head)) : wrong(self, "it is no ELF file");
    }
    return kind_is_wrong(self) || is_cut(self);
}

bool ol_elf_is_wrong(const char *path, char *why)
{
    look self = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .why = why};
    if (self.fd < 0)
        return false;
    bool found = is_wrong(&self);
    close(self.fd);
    return found;
}
