/* Plug and Play BIOS: the nodes that pnpnodes.c (POST) leaves for pnp.c. */
#ifndef PNP_H
#define PNP_H

#include "bios.h"

#define PNP_NODE_BYTES 1024
#define PNP_NODES      24

/* Nodes lie one behind the other; starts[] has their offsets in bytes[]. */
struct pnp_table {
    uint8_t count;
    uint16_t largest;
    uint16_t starts[PNP_NODES];
    uint8_t bytes[PNP_NODE_BYTES];
};

extern struct pnp_table pnp_table; /* system.c */
/* An ESCD without boards: length, "ACFG", version 2.0, count. */
extern const uint8_t escd_data[12];

/* A node: size, handle, product, type, attributes, then resources. */
struct pnp_node {
    uint16_t size;
    uint8_t handle;
    uint8_t product[4], type[3];
    uint16_t attributes;
} PACKED;

#ifdef CODE32
void pnp_nodes_build(void);
#endif

#endif
