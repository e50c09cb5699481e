#!/usr/bin/env python3
"""Shows that the tests can fail: breaks the source in one line at a time and expects the named test to turn red.

Works on a copy of the tracked files under build/mutate, built for the CPU, so the project itself is never touched.
Usage: mutate.py [--only WORD] [--jobs N] [--list]     (WORD: part of a file's name or of a test's)
Ends with "N killed, N survived"; exit 1 unless all were killed.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "build/mutate/source"
BUILD = ROOT / "build/mutate/build"
TEST_SECONDS = 300


class Mutation(NamedTuple):
    file: str
    old: str  # stands once in the file
    new: str
    target: str  # the test executable
    test: str  # a GoogleTest filter, "*" allowed


def tensor(file, old, new, test):
    return Mutation(file, old, new, "zimage_tests", test)


def core(file, old, new, test):
    return Mutation(file, old, new, "zimage_core_tests", test)


MUTATIONS = [
    # What is kept from one image to the next
    tensor("src/pipeline/prompt_cache.h", "return p.ids == ids;", "return true;",
           "*PipelineParity.the_same_prompt_is_not_encoded_twice*"),
    tensor("src/models/transformer/transformer.cpp", "if (sigmas != sigmas_)", "if (sigmas_.empty())",
           "Pipeline.another_schedule_after_the_first"),
    tensor("src/pipeline/prompt_cache.h", "if (place.storage().use_count() == 1)", "if (true)",
           "Prompts.what_is_in_use_is_not_overwritten"),
    # The choice of attention
    core("src/plan/attention_choice.cpp", "(major == 9 || major == 10)", "(major == 9)",
         "AttentionChoice.automatic_takes_the_best_of_the_generation"),
    core("src/plan/attention_choice.cpp", "p.head_dim % multiple != 0", "false",
         "AttentionChoice.automatic_falls_back_where_the_best_cannot_run"),
    core("src/plan/attention_choice.cpp", "constexpr int kAmpere = 80", "constexpr int kAmpere = 75",
         "AttentionChoice.what_was_asked_for_and_cannot_run_is_refused"),
    tensor("src/nn/attention.cpp", "mask == Mask::causal", "mask == Mask::none",
           "*Attention.equals_float64_within_rounding/cpu*"),
    # Configuration files
    core("src/config/config.cpp", "if (!is_replaced(*entry.setting))", "if (true)", "ConfigMerge.the_command_line_wins"),
    core("src/config/yaml.cpp", "if (open_.size() >= max_depth_)", "if (false)", "Yaml.Y3_nesting"),
    core("src/config/yaml.cpp", 'scalar->text == "<<" && !scalar->quoted', "false", "Yaml.Y11_merge_keys"),
    core("src/config/settings.cpp", "{\"next_plan\", \"fail\"}) == \"fail\"", "{\"next_plan\", \"fail\"}) != \"fail\"",
         "Settings.memory_levers"),
    # Batches
    core("src/batch/job_reader.cpp", "item_->seed ? repetition : index_", "repetition",
         "Jobs.seeds_are_the_first_plus_the_index"),
    core("src/batch/job_reader.cpp", "if (!is_new)", "if (false)", "Jobs.P13_names_that_collide_are_refused"),
    core("src/batch/file_name.cpp", "name.front() == '.' || ", "", "P12/RefusedTemplate.*"),
    core("src/batch/journal_reader.cpp", "line && line->is_ended ? line : std::nullopt", "line", "Journal.R4_*"),
    core("src/batch/journal.cpp", "LOCK_EX | LOCK_NB", "LOCK_SH | LOCK_NB", "Journal.R30_*"),
    core("src/batch/journal.cpp", "record->identity == digest_of(identity_of(job))", "true",
         "Journal.a_changed_or_removed_image_is_named"),
    core("src/batch/writer.cpp", "queue_.size() < kQueued", "true", "Writer.a_slow_disk_makes_the_caller_wait"),
    # What pictures say about themselves
    core("src/checkpoint/fingerprint.cpp", "content += first_bytes(*tensors[i])", "", "Fingerprint.*"),
    core("src/io/parameters.cpp", "if (fields.size() < kFewestFields)", "if (fields.empty())", "Parameters.any_text_*"),
    core("src/io/parameters.cpp", "!quoted && depth <= 0 && c == ','", "c == ','", "Parameters.of_another_program"),
    tensor("src/sampling/flow_match_euler.cpp", "sigma / (sigma - sigma_next)", "1 / (sigma - sigma_next)",
           "EstimatedImage.*"),
    # The plan
    core("src/plan/layout.cpp", "is_last_slot = !is_last_slot;", "", "Layout.streamed_neighbours_never_share_a_slot"),
    core("src/plan/stream.cpp", "std::max(copied_, slot.free)", "copied_",
         "Stream.an_upload_waits_until_its_slot_is_no_longer_read"),
    core("src/plan/search.cpp", "if (choice.peak_bytes > peak_bytes) return;", "", "*PlanProperty*"),
    core("src/plan/budget.cpp", "std::min(policy.budget_bytes.value_or(available), available)",
         "policy.budget_bytes.value_or(available)", "Plan.what_is_not_free_is_no_budget"),
    core("src/plan/lever_choices.cpp", "(!policy.vae_tiling && policy.allow_approximate)", "!policy.vae_tiling",
         "*PlanProperty*"),
    core("src/plan/activations.cpp", "has_kernel && pays_in_one_kernel(", "false && pays_in_one_kernel(",
         "*ActivationsOnH200*"),
    core("src/plan/activations.cpp", "caption -= kSequenceMultiple", "caption = 0",
         "Activations.shorter_prompts_are_provided_for"),
    core("src/plan/gated_product.h", "20 * pairs >= 19 * rounds * at_once", "20 * pairs >= 18 * rounds * at_once",
         "GatedProduct.*"),
    core("src/plan/decoder_memory.cpp", "constexpr std::int64_t kMiddleMaps = 7", "constexpr std::int64_t kMiddleMaps = 6",
         "DecoderMemory.*"),
    # The transformer
    tensor("src/models/transformer/block.cpp", "{norms.attention_out, attention_eps}", "{norms.ffn_out, attention_eps}",
           "*TransformerParity.joint_blocks*"),
    tensor("src/models/transformer/block.cpp", "norms[i + 1].attention_in", "norms[i].attention_in",
           "*TransformerParity.joint_stack*"),
    tensor("src/models/transformer/block.cpp", "kHeadNormEps = 1e-5", "kHeadNormEps = 1e-4",
           "*TransformerParity.noise_refiner_blocks*"),
    tensor("src/models/transformer/block.cpp", "parts[2], nn::Mask::none", "parts[2], nn::Mask::causal",
           "*TransformerParity.joint_blocks*"),
    tensor("src/models/transformer/timestep.cpp", "((1 + m[0]) * plain.attention_in)", "(m[0] * plain.attention_in)",
           "*TransformerParity.noise_refiner_blocks*"),
    tensor("src/models/transformer/timestep.cpp", "const at::Tensor t = (1000 - timesteps) / 1000",
           "const at::Tensor t = timesteps / 1000", "*PipelineParity.latents_after_every_step*"),
    tensor("src/models/transformer/timestep.cpp", "at::cat({at::cos(arguments), at::sin(arguments)}, -1)",
           "at::cat({at::sin(arguments), at::cos(arguments)}, -1)", "*TransformerParity.joint_blocks*"),
    tensor("src/models/transformer/positions.cpp", "axis_table(grid.caption + 1, 1, 0,",
           "axis_table(grid.caption, 1, 0,", "*TransformerParity.noise_refiner_blocks*"),
    tensor("src/models/transformer/positions.cpp", "axis_table(1, caption, 0,", "axis_table(0, caption, 0,",
           "*TransformerParity.joint_blocks*"),
    tensor("src/models/transformer/positions.h", "kSequenceMultiple = 32", "kSequenceMultiple = 16",
           "*PipelineParity.latents_after_every_step*"),
    tensor("src/models/transformer/transformer.cpp", "kFinalNormEps = 1e-6", "kFinalNormEps = 1e-2",
           "*PipelineParity.latents_after_every_step*"),
    tensor("src/models/transformer/transformer.cpp", 'params_["cap_pad_token"]', 'params_["x_pad_token"]',
           "*TransformerParity.caption_enters_the_joint_sequence*"),
    tensor("src/models/transformer/patches.cpp", "permute({0, 2, 4, 3, 5, 1})", "permute({0, 2, 4, 5, 3, 1})",
           "Patches.patchify_orders_row_column_then_channel"),
    # The text encoder
    tensor("src/models/text_encoder/text_encoder.cpp", "nn::Mask::causal", "nn::Mask::none",
           "*TextEncoderParity.every_layer*"),
    tensor("src/models/text_encoder/text_encoder.h", "return config_.num_hidden_layers - 1", "return config_.num_hidden_layers - 2",
           "*TextEncoderParity.prompt_embeds*"),
    tensor("src/models/text_encoder/text_encoder.cpp", 'params["k_norm.weight"], config_', 'params["q_norm.weight"], config_',
           "*TextEncoderParity.every_layer*"),
    # The VAE
    tensor("src/models/vae/decoder.cpp", "kGroupNormEps = 1e-6", "kGroupNormEps = 1e-3",
           "*PipelineParity.latents_and_pixels*"),
    tensor("src/models/vae/decoder.cpp", "/ config_.scaling_factor + config_.shift_factor",
           "/ config_.scaling_factor - config_.shift_factor", "*PipelineParity.latents_and_pixels*"),
    # The memory levers
    tensor("src/models/transformer/block.cpp", "mixed.narrow(0, first, count)", "mixed.narrow(0, 0, count)",
           "ActivationLevers.the_transformer_computes_the_same"),
    tensor("src/models/transformer/block.cpp", "narrow(1, heads.first, heads.count)", "narrow(1, 0, heads.count)",
           "ActivationLevers.the_transformer_computes_the_same"),
    tensor("src/models/vae/window.cpp", "rows_of(rows_, filled_, 1)", "rows_of(rows_, filled_ + 1, 1)",
           "VaeStrips.equal_the_whole"),
    tensor("src/models/vae/strips.cpp", "rows_of(larger, 1, 2 * count + 2)", "rows_of(larger, 0, 2 * count + 2)",
           "VaeStrips.equal_the_whole"),
    tensor("src/models/vae/tiles.cpp", "(ramps(row, index, scale) / sum)", "ramps(row, index, scale)",
           "VaeTiles.*"),
    # Weights that come and go
    tensor("src/runtime/residency.cpp", "if (is_used_before || !is_free(state)) return;", "if (!is_free(state)) return;",
           "TwoSlots.what_is_expected_comes_as_soon_as_its_place_is_free"),
    tensor("src/runtime/residency.cpp", "transfers_.wait(rival.free, queue);", "",
           "TwoSlots.without_expectations_each_comes_when_it_is_acquired"),
    tensor("src/models/transformer/block.cpp", "const Lease lease = stack.acquire(name);", "",
           "Streaming.every_number_of_resident_blocks_gives_the_same_image"),
    tensor("src/pipeline/pipeline.cpp", "if (studio_->memory.strict_plan) {", "if (false) {",
           "Planned.R18_a_strict_plan_fails_instead"),
    tensor("src/pipeline/pipeline.cpp", "      step_down(explained(failure, stage()));", "      throw;",
           "Planned.R18_R27_an_image_that_runs_out_of_memory_is_drawn_with_a_smaller_plan"),
    # Windows and batches
    tensor("src/models/transformer/block.cpp", "if (sequences.lengths.size() == 1)", "if (true)",
           "TransformerBatch.each_image_is_the_same_as_alone"),
    tensor("src/models/transformer/transformer.cpp", "{parts[i], parts[count + i]}", "{parts[i], parts[count]}",
           "TransformerBatch.each_image_is_the_same_as_alone"),
    tensor("src/pipeline/window.cpp", "if (item.is_handed_over) continue;", "",
           "Windows.memory_that_runs_out_midway_costs_only_what_is_missing"),
    tensor("src/pipeline/window.cpp", "a.width == b.width && a.height == b.height &&", "",
           "Windows.images_of_several_sizes_share_with_their_like"),
    tensor("src/pipeline/prompt_cache.h", "prompts_.splice(prompts_.begin(), prompts_, found);", "",
           "Windows.each_prompt_is_encoded_once"),
    tensor("src/sampling/guidance.cpp", "{{-3, -2, -1}}", "{{-4, -3, -2, -1}}",
           "Guidance.bounds_each_image_of_a_batch_by_its_own_norm"),
    core("src/plan/batch_search.cpp", "batch > policy.max_batch ||", "", "Batch.*"),
    core("src/plan/batch_search.cpp", "seconds_per_image(candidate) <= kAsGood * least", "true", "Batch.*"),
    core("src/plan/window.cpp", "if (encode.streamed_bytes == 0) return 0;", "return 0;", "Window.*"),
    core("src/plan/plan.cpp", "seconds[i] / static_cast<double>(plan.batch)", "seconds[i]", "Batch.*"),
    # Operations
    tensor("src/kernels/reference.cpp", "a * cos - b * sin", "a * cos + b * sin", "*TextEncoderParity.every_layer*"),
    tensor("src/nn/float16.cpp", ".ffn_product = 1.0 / 128", ".ffn_product = 1.0",
           "Float16Range.float16_is_finite*"),
    # Sampling and the order of things
    tensor("src/sampling/flow_match_euler.cpp", "sigma_next - sigma", "sigma - sigma_next", "EulerStep.*"),
    tensor("src/sampling/flow_match_euler.cpp", "1.0f + shift_less_1 * s", "1.0f - shift_less_1 * s", "FlowMatchSigmas.*"),
    tensor("src/sampling/guidance.cpp", "norm > bound", "norm < bound", "Guidance.*"),
    tensor("src/sampling/guidance.cpp", "conditional - unconditional", "unconditional - conditional",
           "*PipelineParity.latents_after_every_step*"),
    tensor("src/pipeline/denoise.cpp", "euler_step_(state.latents, output,", "euler_step_(state.latents, -output,",
           "*PipelineParity.latents_after_every_step*"),
    tensor("src/kernels/reference_image.cpp", "* 255).round()", "* 255)", "*PipelineParity.latents_and_pixels*"),
    # What reads files from strangers
    core("src/io/safetensors_header.cpp", "if (end - begin != bytes)", "if (end - begin < bytes)",
         "Safetensors.S27_*"),
    core("src/io/safetensors_header.cpp", "if (offset < expected)", "if (offset + 1000 < expected)", "Safetensors.S21_*"),
    core("src/io/safetensors_header.cpp", "if (rest > 0)", "if (rest > 1000)", "Safetensors.S25_*"),
    core("src/checkpoint/shard_index.cpp", "if (!io::is_plain_name(*name))", "if (name->empty())",
         "ComponentFilesTest.X1_*"),
    core("src/base/number_formats.h", "(bits >> 13 & 1)", "0", "NumberFormats.rounding_*"),
    core("src/base/number_formats.cpp", "std::ldexp(static_cast<float>(mantissa), -9)", "0.0F", "NumberFormats.all_codes_*"),
    core("src/checkpoint/component_files.cpp", "!std::isfinite(scale)", "false", "Float8.scales_that_are_refused"),
    core("src/checkpoint/conversion.cpp", 'name.ends_with("embed_tokens.weight")', "false", "Conversion.rounds_what_*"),
    core("src/checkpoint/conversion_run.cpp", "largest >= first_overflow(to)", "largest > 0x7F800000",
         "Conversion.values_that_*"),
    core("src/checkpoint/verification.cpp", "found.first = first + i;", "found.first = first;", "Verification.finds_*"),
    core("src/checkpoint/component_files.cpp", "part.info.offset += one.part * part.info.bytes;", "",
         "SingleFiles.original_names_*"),
    core("src/checkpoint/name_layouts.cpp", "std::to_string(kLevels - 1 - *value)", "std::to_string(*value)",
         "SingleFiles.a_published_name_*"),
    core("src/checkpoint/name_layouts.cpp", "is_exclusive_ = prefix != table.prefixes.front();", "",
         "SingleFiles.one_file_of_everything_*"),
    core("src/checkpoint/component_files.cpp", 'if (info.name.ends_with("_inv"))', "if (false)",
         "Float8.scales_that_are_refused"),
    core("src/checkpoint/inferred_config.cpp", "++config.num_hidden_layers;", "", "SingleFiles.the_published_sizes_*"),
    core("src/checkpoint/component_files.cpp", "if (source.info->shape != shape)", "if (source.info->shape.empty())",
         "Checkpoint.X14_wrong_shape"),
    core("src/io/atomic_file.cpp", "if (overwrite == Overwrite::yes) {", "if (overwrite != Overwrite::yes) {",
         "WriteAtomically.*"),
    # The tokenizer
    core("src/text/pre_tokenizer.cpp", "if (first.char_class == CharClass::number) return first.bytes;",
         "if (first.char_class == CharClass::number) return skip(text, first.bytes, CharClass::number);",
         "PreTokenizer.digits_stand_alone"),
    core("src/text/pre_tokenizer.cpp", "last_char == 0 ? end : last_char", "last_char == 0 ? end : end",
         "TokenizerGolden.texts"),
    core("src/text/chat_template.h", '.append("\\n").append(kTurnStart)', ".append(kTurnStart)", "TokenizerGolden.prompts"),
    core("src/text/tokenizer.cpp", "normalization_ == text::Normalization::nfc", "normalization_ != text::Normalization::nfc",
         "Prompt.P15_*"),
]


def copy_tracked_files():
    """Brings COPY up to date; a file that did not change keeps its time, so that a second run rebuilds nothing."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = {name for name in listed.decode().split("\0") if name}
    for name in names:
        source, target = ROOT / name, COPY / name
        if source.is_file() and not (target.exists() and target.read_bytes() == source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for target in [path for path in COPY.rglob("*") if path.is_file()]:
        if str(target.relative_to(COPY)) not in names:
            target.unlink()


def configure():
    torch = os.environ.get("ZIMAGE_TORCH_DIR") or next(ROOT.glob(".venv/lib/python3*/site-packages/torch"), "")
    subprocess.run(["cmake", "-G", "Ninja", "-S", COPY, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Release", "-DZIMAGE_CUDA=OFF",
                    f"-DZIMAGE_TORCH_DIR={torch}"], check=True, stdout=subprocess.DEVNULL)


def build(target, jobs):
    command = ["cmake", "--build", BUILD, "--target", target, "-j", str(jobs)]
    return subprocess.run(command, capture_output=True, text=True)


def run_test(target, test):
    """'passed', 'failed' or 'missing' (no such test, or all of them skipped)."""
    command = [next(BUILD.rglob(target)), f"--gtest_filter={test}"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return "failed"
    if result.returncode:
        return "failed"
    return "passed" if "[       OK ]" in result.stdout else "missing"


def check_list(mutations):
    """What is wrong with the list itself, before anything is built."""
    for m in mutations:
        text = (ROOT / m.file).read_text() if (ROOT / m.file).is_file() else ""
        if text.count(m.old) != 1:
            yield f"{m.file}: {m.old!r} stands {text.count(m.old)} times, not once"


def check_baseline(mutations, jobs):
    """The named tests must exist and pass before the source is broken."""
    for target in sorted({m.target for m in mutations}):
        built = build(target, jobs)
        if built.returncode:
            yield f"{target} does not build:\n{built.stdout[-2000:]}"
            return
    for target, test in sorted({(m.target, m.test) for m in mutations}):
        outcome = run_test(target, test)
        if outcome != "passed":
            yield f"{target} {test}: {outcome} before any change"


def outcome_of(m, jobs):
    path = COPY / m.file
    original = path.read_text()
    path.write_text(original.replace(m.old, m.new))
    try:
        if build(m.target, jobs).returncode:
            return "does not compile"
        return "killed" if run_test(m.target, m.test) == "failed" else "SURVIVED"
    finally:
        path.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print the mutations and check that each still applies")
    arguments = parser.parse_args()
    mutations = [m for m in MUTATIONS if arguments.only in m.file or arguments.only in m.test]
    wrong = list(check_list(mutations))
    if arguments.list:
        for m in mutations:
            print(f"{m.file}: {m.old} → {m.new}  [{m.test}]")
    elif not wrong:
        copy_tracked_files()
        configure()
        wrong = list(check_baseline(mutations, arguments.jobs))
    if wrong:
        print("\n".join(wrong))
        return 1
    if arguments.list:
        return 0

    survived = 0
    for m in mutations:
        started = time.monotonic()
        outcome = outcome_of(m, arguments.jobs)
        survived += outcome != "killed"
        print(f"{outcome:9} {time.monotonic() - started:4.0f} s  {m.file}: {m.old} → {m.new}  [{m.test}]", flush=True)
    print(f"{len(mutations) - survived} killed, {survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
