/* SPDX-License-Identifier: MIT */
#include "transform/shared/elf_check.h"

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

typedef struct elf_file {
    int fd;
    uint64_t size;
    ElfW(Ehdr) head;
    char *why;
} elf_file;

static bool refuse(elf_file *file, const char *sentence)
{
    snprintf(file->why, OL_ELF_WHY_SIZE, "%s", sentence);
    return false;
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

static bool is_elf(const elf_file *file)
{
    return memcmp(file->head.e_ident, ELFMAG, SELFMAG) == 0;
}

static bool check_kind(elf_file *file)
{
    static const unsigned char own_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    char its[32], ours[32];
    if (file->head.e_ident[EI_CLASS] != own_class)
        return refuse(file, own_class == ELFCLASS64 ? "it is a 32-bit file, this objlens has 64"
                                                    : "it is a 64-bit file, this objlens has 32");
    if (MACHINE != EM_NONE && file->head.e_machine != MACHINE) {
        snprintf(file->why, OL_ELF_WHY_SIZE, "it was built for %s, this machine is %s",
                 machine_name(file->head.e_machine, its), machine_name(MACHINE, ours));
        return false;
    }
    if (file->head.e_type == ET_REL)
        return refuse(file, "it is an object file, which is not linked yet");
    return file->head.e_type == ET_DYN || refuse(file, "it is a program and no shared object");
}

/* ---- whether it is whole ---- */

/* Both come from the file: a sum beyond 64 bits counts as the largest number, not as a small one. */
static uint64_t end_of(uint64_t offset, uint64_t bytes)
{
    return bytes <= UINT64_MAX - offset ? offset + bytes : UINT64_MAX;
}

static bool check_range(elf_file *file, uint64_t offset, uint64_t bytes)
{
    uint64_t end = end_of(offset, bytes);
    if (end <= file->size)
        return true;
    snprintf(file->why, OL_ELF_WHY_SIZE, "it is cut off: it has %llu of at least %llu bytes",
             (unsigned long long)file->size, (unsigned long long)end);
    return false;
}

static bool check_segment(elf_file *file, unsigned number)
{
    ElfW(Phdr) segment;
    uint64_t at = end_of(file->head.e_phoff, (uint64_t)number * sizeof(segment));
    if (!check_range(file, at, sizeof(segment)))
        return false;
    if (pread(file->fd, &segment, sizeof(segment), (off_t)at) != sizeof(segment))
        return refuse(file, "its program headers cannot be read");
    return segment.p_type != PT_LOAD || check_range(file, segment.p_offset, segment.p_filesz);
}

/* The loader maps the segments; who then touches a page beyond the end of the file is killed. */
static bool check_segments(elf_file *file)
{
    unsigned count = file->head.e_phnum < PROGRAM_HEADERS_MAX ? file->head.e_phnum : PROGRAM_HEADERS_MAX;
    if (file->head.e_phentsize != sizeof(ElfW(Phdr)))
        return true; /* the loader refuses that itself */
    for (unsigned i = 0; i < count; i++)
        if (!check_segment(file, i))
            return false;
    return true;
}

/* Nothing loads the table of sections, but it stands last in the file: where it is missing, more may
 * be. */
static bool check_sections(elf_file *file)
{
    uint64_t bytes = (uint64_t)file->head.e_shnum * file->head.e_shentsize;
    return file->head.e_shoff == 0 || check_range(file, file->head.e_shoff, bytes);
}

static bool check_file(elf_file *file)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return true;
    file->size = (uint64_t)st.st_size;
    ssize_t got = pread(file->fd, &file->head, sizeof(file->head), 0);
    if (got < 0)
        return true;
    if (!is_elf(file))
        return refuse(file, "it is no ELF file");
    return check_range(file, 0, sizeof(file->head)) && check_kind(file) && check_segments(file) &&
           check_sections(file);
}

bool ol_elf_check(const char *path, char *why)
{
    elf_file file = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .why = why};
    if (file.fd < 0)
        return true;
    bool good = check_file(&file);
    close(file.fd);
    return good;
}
