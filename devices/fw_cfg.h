/* fw_cfg.h - firmware configuration device at ports 510h/511h. */
#ifndef UMBRA_FW_CFG_H
#define UMBRA_FW_CFG_H

#include "devices/core/device.h"
#include "mmu/addrspace.h"

struct fw_cfg;

/* Fixed selectors. */
enum {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_INITRD_ADDR = 0x0A,
    FW_CFG_INITRD_SIZE = 0x0B,
    FW_CFG_BOOT_MENU = 0x0E,
    FW_CFG_MAX_CPUS = 0x0F,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16,
    FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_MAX_FILES = 32,
    FW_CFG_NAME_SIZE = 56
};

struct fw_cfg_config {
    struct addrspace *ports;
    struct addrspace *memory; /* for the DMA interface; NULL: none */
    struct log *log;
};

struct fw_cfg *fw_cfg_create(const struct fw_cfg_config *config);
struct device *fw_cfg_device(struct fw_cfg *fw);
/* The data is copied. Adding a name or selector again replaces its data.
 * false: table full, name too long or out of memory. */
bool fw_cfg_add_file(struct fw_cfg *fw, const char *name, const void *data,
                     size_t size);
/* An item without a name, without a copy: the data must outlive the part. */
bool fw_cfg_refer_item(struct fw_cfg *fw, uint16_t selector, const void *data,
                       size_t size);
/* Told when the guest selects the file, before it reads: time to replace
 * contents that depend on what firmware has set up, by as many bytes (the
 * directory with the sizes was read before). False: no such file. */
bool fw_cfg_watch_file(struct fw_cfg *fw, const char *name,
                       void (*selected)(void *opaque), void *opaque);
/* A little-endian number of 2, 4 or 8 bytes. */
bool fw_cfg_add_number(struct fw_cfg *fw, uint16_t selector, uint64_t value,
                       unsigned size);

#endif
