# The interface targets that every library links, and the two helpers that declare libraries and tests.

add_library(sbrt_warnings INTERFACE)
add_library(sbrt::warnings ALIAS sbrt_warnings)
target_compile_options(sbrt_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # g++ 12 false alarm in std::string (GCC bug 105651)
                       $<$<BOOL:${SBRT_WARNINGS_AS_ERRORS}>:-Werror>)

add_library(sbrt_options INTERFACE)
add_library(sbrt::options ALIAS sbrt_options)
target_compile_features(sbrt_options INTERFACE cxx_std_20)
target_include_directories(sbrt_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
# Contraction would let the compiler round a*b+c differently from one build to the next.
target_compile_options(sbrt_options INTERFACE -ffp-contract=off)
if(SBRT_SANITIZE)
  target_compile_options(sbrt_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(sbrt_options INTERFACE -fsanitize=address,undefined)
endif()
if(SBRT_THREAD_SANITIZE)
  target_compile_options(sbrt_options INTERFACE -fsanitize=thread)
  target_link_options(sbrt_options INTERFACE -fsanitize=thread)
endif()

# sbrt_uses_itk(FILES): lets clang, which Debian's ITK refuses, compile these files of the current folder.
function(sbrt_uses_itk)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-include;${PROJECT_SOURCE_DIR}/cmake/itk_with_clang.h")
  endif()
endfunction()

# sbrt_add_library(NAME): all .cpp of this folder become the library sbrt::NAME.
function(sbrt_add_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/cli/")
  add_library(sbrt_${name} STATIC ${sources})
  add_library(sbrt::${name} ALIAS sbrt_${name})
  target_link_libraries(sbrt_${name} PUBLIC sbrt::options PRIVATE sbrt::warnings)
endfunction()

# sbrt_add_tests(NAME LIBRARIES...): all *_test.cpp of this folder become one GoogleTest program.
# A test whose suite starts with "Shared" reads ../shared and carries the label `shared`.
function(sbrt_add_tests name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE ${ARGN} sbrt::options sbrt::warnings GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE
    SBRT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SBRT_SHARED_DIR="${SBRT_SHARED_DIR}")
  include(GoogleTest)
  gtest_discover_tests(${name}_test TEST_FILTER "-Shared*" PROPERTIES LABELS ${name} TIMEOUT 300)
  if(EXISTS ${SBRT_SHARED_DIR})
    gtest_discover_tests(${name}_test TEST_FILTER "Shared*" TEST_SUFFIX "" PROPERTIES LABELS "${name};shared" TIMEOUT 300)
  endif()
endfunction()
