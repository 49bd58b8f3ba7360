# The git revision for --version and the reports; "unknown" outside a checkout. Rewritten at build time only when it changed.
set(SBRT_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)
add_custom_target(sbrt_revision ALL
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUT=${SBRT_GENERATED_DIR}/sbrt_revision.h
          -DVERSION=${PROJECT_VERSION} -P ${PROJECT_SOURCE_DIR}/cmake/write_revision.cmake
  BYPRODUCTS ${SBRT_GENERATED_DIR}/sbrt_revision.h)
