# Several sources of a target are compiled as one: most of what compiling a source costs is its headers, and a whole build takes a
# third of the time. Which sources meet depends on their names alone, so that a new file does not stir up the others.
#
# What a source keeps in an unnamed namespace must then differ in name from what those beside it keep. A source that means the
# same word in its own way is named here, and compiled alone; so is what programs without Catch2 must not be linked with.

# polyonym_unite(<target>...)
function(polyonym_unite)
  set(alone
    bench/workload/events.cc
    bench/workload/funnels.cc
    bench/workload/memory.cc
    bench/workload/segment_policy.cc
    bench/workload/segments_live.cc
    bench/workload/shapes.cc
    bench/workload/stores.cc
    bench/workload/traffic.cc
    examples/polyonym/feed.cc
    examples/polyonym/subject.cc
    python/src/event_attribution.cc
    python/src/measure_bindings.cc
    python/src/people_bindings.cc
    python/src/values.cc
    src/engine/prometheus.cc
    src/privacy/sealed_store.cc
    src/store/rocks_salvage.cc
    tests/campaign/reach_law_test.cc
    tests/campaign/reach_test.cc
    tests/codec/privacy_test.cc
    tests/codec/segment_test.cc
    tests/crash/answers.cc
    tests/crash/full_disk_test.cc
    tests/crash/power_loss_test.cc
    tests/crash/power_test.cc
    tests/engine/erase_test.cc
    tests/engine/erased_keys_test.cc
    tests/engine/event_reader_test.cc
    tests/engine/live_segments_test.cc
    tests/engine/owned_things_test.cc
    tests/engine/segments_test.cc
    tests/engine/social_test.cc
    tests/engine/told_of_person_test.cc
    tests/golden/format_cells.cc
    tests/golden/format_test.cc
    tests/harness/disk_folder.cc
    tests/harness/naive_segment.cc
    tests/harness/ordeal.cc
    tests/harness/random_expression.cc
    tests/harness/random_facts.cc
    tests/hostile/live_segments_test.cc
    tests/identity/rank_test.cc
    tests/laws/bulk_test.cc
    tests/laws/campaign_test.cc
    tests/laws/explain_test.cc
    tests/laws/feed_test.cc
    tests/laws/horizon_test.cc
    tests/laws/profile_test.cc
    tests/laws/restart_test.cc
    tests/laws/segment_index_test.cc
    tests/laws/segment_test.cc
    tests/measure/growth_test.cc
    tests/measure/lift_test.cc
    tests/measure/retention_test.cc
    tests/model/definitions_test.cc
    tests/model/presets_test.cc
    tests/model/reach_rules_test.cc
    tests/privacy/key_keeper_test.cc
    tests/privacy/sealed_store_test.cc
    tests/profile/affinity_test.cc
    tests/profile/fold_test.cc
    tests/profile/rfm_test.cc
    tests/profile/score_fold_test.cc
    tests/profile/stage_flows_test.cc
    tests/segment/lint_test.cc
    tests/segment/outlook_law_test.cc
    tests/segment/outlook_test.cc
    tests/segment/planner_law_test.cc
    tests/segment/planner_test.cc
    tests/segment/purpose_test.cc
    tests/segment/round_trip_law_test.cc
    tests/segment/text_test.cc)
  if(NOT POLYONYM_UNITY)
    return()
  endif()
  cmake_path(GET CMAKE_CURRENT_FUNCTION_LIST_DIR PARENT_PATH root)
  foreach(target IN LISTS ARGN)
    get_target_property(files ${target} SOURCES)
    list(FILTER files INCLUDE REGEX "\\.cc$")
    list(LENGTH files count)
    set(groups 1)
    while(groups LESS_EQUAL 64 AND count GREATER 8)
      math(EXPR groups "2 * ${groups}")
      math(EXPR count "${count} / 2")
    endwhile()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    # A class with a part from an unnamed namespace is no fault in a source, but GCC takes sources that are included for headers.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    foreach(file IN LISTS files)
      cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${root}" OUTPUT_VARIABLE name)
      if(name IN_LIST alone OR NOT name MATCHES "^(src|tests|examples|bench|python)/")
        continue()
      endif()
      string(MD5 hash "${name}")
      string(SUBSTRING "${hash}" 0 4 hash)
      math(EXPR group "0x${hash} % ${groups}")
      set_source_files_properties("${file}" PROPERTIES UNITY_GROUP "${group}")
    endforeach()
  endforeach()
endfunction()
