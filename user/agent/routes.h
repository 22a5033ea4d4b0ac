/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which path is answered by which function.
 */
#ifndef TARE_AGENT_ROUTES_H
#define TARE_AGENT_ROUTES_H

#include "agent/http.h"

extern const struct http_route agent_routes[];

#endif
