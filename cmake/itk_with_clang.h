// Debian's ITK knows g++ only; what its compiler detection would define, for ThreadSanitizer builds by clang.
#pragma once
#define ITK_COMPILER_DETECTION_H
#define ITK_ALIGNAS(X) alignas(X)
#define ITK_ALIGNOF(X) alignof(X)
#define ITK_DELETED_FUNCTION = delete
#define ITK_FINAL final
#define ITK_NOEXCEPT noexcept
#define ITK_NOEXCEPT_EXPR(X) noexcept(X)
#define ITK_NULLPTR nullptr
#define ITK_OVERRIDE override
#define ITK_CONSTEXPR constexpr
#define ITK_EXTERN_TEMPLATE extern
#define ITK_STATIC_ASSERT(X) static_assert(X, #X)
#define ITK_STATIC_ASSERT_MSG(X, MSG) static_assert(X, MSG)
#define ITK_THREAD_LOCAL thread_local
