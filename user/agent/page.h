/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's pages for people and service managers: `/` and `/healthz`.
 */
#ifndef TARE_AGENT_PAGE_H
#define TARE_AGENT_PAGE_H

#include "agent/agent.h"

void page_answer(struct agent *a, struct http_request *q);
void health_answer(struct agent *a, struct http_request *q);

#endif
