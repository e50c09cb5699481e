// Checkpoints that the Hugging Face tools have downloaded: their cache of snapshots. Nothing is downloaded here.
// Source: huggingface_hub, "Understand caching": HUB/models--ORG--NAME/{refs/main, snapshots/COMMIT/}.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace zimage::app {

// "Tongyi-MAI/Z-Image-Turbo": an organisation, a slash, a name.
bool is_repository_name(std::string_view text);

// $HF_HUB_CACHE, else $HF_HOME/hub, else huggingface/hub in $XDG_CACHE_HOME or ~/.cache.
std::filesystem::path hub_cache();

// The newest snapshot of main, else the only one. Throws Error(model) saying how to get the repository.
std::filesystem::path find_snapshot(const std::filesystem::path& cache, const std::string& repository);

// The repository of a folder that is one of its snapshots, else "".
std::string repository_of_snapshot(const std::filesystem::path& dir);

}  // namespace zimage::app
