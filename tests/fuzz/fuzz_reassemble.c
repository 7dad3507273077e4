/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: operations on a known stream, judged by the model; the first byte chooses the engine. */
#include "tests/stream_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum engine_kind engines[] = {ENGINE_NATIVE, ENGINE_NATIVE, ENGINE_NIDS, ENGINE_BOTH};

	if (size > 1 && size < 20000)
		stream_model_run(engines[data[0] & 3], data + 1, size - 1);
	return 0;
}
