// Names of pictures that every file system takes, made of a template.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::batch {

struct NameFields {
  std::uint64_t index = 0;  // of the image in the whole list, from 0
  std::uint64_t seed = 0;
  std::uint64_t line = 0;   // of the prompt file
  std::string_view prompt;  // UTF-8
};

class NameTemplate {
 public:
  static constexpr std::string_view kDefault = "{index:05}-{slug}-{seed}.png";

  // {index}, {seed}, {line} and {slug} are filled in; {index:05} has zeros in front; {{ and }} stand for braces.
  // option: as messages name it. Throws Error(usage) for a field that is not known and a name that could leave the
  // folder or that some file system refuses.
  NameTemplate(std::string_view text, const std::string& option);

  const std::string& text() const { return text_; }
  // Throws Error(usage) when what is filled in makes a name that some file system refuses.
  std::string fill(const NameFields& fields) const;

 private:
  enum class Field { none, index, seed, line, slug };
  struct Part {
    std::string text;  // of no field
    Field field = Field::none;
    std::size_t digits = 0;
  };

  Part parse_field(std::string_view inside) const;
  std::string filled(const NameFields& fields, const std::string& slug) const;
  [[noreturn]] void refuse(const std::string& rule) const;

  std::string text_, option_;
  std::vector<Part> parts_;
};

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxSlugBytes = 60;

// Letters and digits of the prompt, in Normalization Form C and ASCII in lower case, with single hyphens for what is
// between them; cut at a character's end. Never empty.
std::string slug_of(std::string_view prompt, std::size_t max_bytes = kMaxSlugBytes);

// Why some file system refuses a file of this name, or the name leads elsewhere; empty if none does.
std::string breach_of_name(std::string_view name);

// Equal for names that a file system may take for the same: apart from case and normalization form.
std::string collision_key(std::string_view name);

}  // namespace zimage::batch
