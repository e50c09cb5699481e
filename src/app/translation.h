// Messages in the user's language. They are made in English all over the program; here, where they reach the user, a
// table of templates turns them into Chinese.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zimage::app {

enum class Language { english, chinese };

struct LocaleSettings {
  std::string lc_all, lc_messages, lang, language;  // of the environment
};
LocaleSettings locale_settings();

// As POSIX has it: the first that is not empty of LC_ALL, LC_MESSAGES and LANG; LANGUAGE before them, unless that is
// "C" or "POSIX". Chinese where it says zh, in UTF-8.
Language language_of(const LocaleSettings& settings);

// A line of English with {} for anything, or {*} for a message within, and what it becomes, with {0}, {1}, ...
class MessageTemplate {
 public:
  MessageTemplate(std::string_view english, std::string_view translated);

  // What stood at each hole, if the whole message is of this form. No hole takes nothing.
  bool match(std::string_view message, std::vector<std::string_view>& captures) const;
  bool is_message(std::size_t hole) const { return is_message_[hole]; }
  bool begins_with_hole() const { return literals_.front().empty() && holes() > 0; }
  // In both languages.
  bool begins_with_its_message() const { return begins_with_hole() && is_message(0) && translated_.starts_with("{0}"); }
  std::string filled(const std::vector<std::string>& captures) const;

  std::size_t holes() const { return is_message_.size(); }
  std::size_t literal_bytes() const;
  const std::string& english() const { return english_; }
  const std::string& translated() const { return translated_; }

 private:
  std::string english_, translated_;
  std::vector<std::string> literals_;  // between the holes, one more than they are
  std::vector<bool> is_message_;
};

class Catalogue {
 public:
  // text: two lines a template, the second with "= " before it; # begins a comment. Throws std::logic_error.
  explicit Catalogue(std::string_view text);

  // The message in the other language, a space at its end aside; in parts, at its ": ", where the whole is not known;
  // as it is otherwise.
  std::string translated(std::string_view message) const;

  // The most specific first.
  const std::vector<MessageTemplate>& templates() const { return templates_; }

 private:
  // Whether a hole may take a ": ", and so what is known by itself: looked for only after what takes none.
  enum class Holes { narrow, wide };
  // Empty: not known.
  std::string whole(std::string_view message, Holes holes) const;
  std::string in_parts(std::string_view message, Holes holes) const;

  std::vector<MessageTemplate> templates_;
};

const Catalogue& chinese();

// As the environment says it now.
std::string in_users_language(const std::string& message);

}  // namespace zimage::app
