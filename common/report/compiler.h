/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compiler.h - the kernel's names for attributes and small macros, unless
 * another header has defined them
 */
#ifndef HMM_COHERENT_COMPILER_H
#define HMM_COHERENT_COMPILER_H

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef __aligned
#define __aligned(bytes) __attribute__((__aligned__(bytes)))
#endif
#ifndef __maybe_unused
#define __maybe_unused __attribute__((__unused__))
#endif
/* For every function whose result says whether it succeeded. */
#ifndef __must_check
#define __must_check __attribute__((__warn_unused_result__))
#endif
#ifndef __noreturn
#define __noreturn __attribute__((__noreturn__))
#endif
#ifndef __printf
#define __printf(format, arguments) __attribute__((__format__(printf, format, arguments)))
#endif
#ifndef BIT
#define BIT(number) (1u << (number))
#endif
#ifndef BIT_ULL
#define BIT_ULL(number) (1ULL << (number))
#endif

#endif
